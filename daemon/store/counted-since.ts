/** Key of the store's `meta`: since when bytes have been counted without a gap, as epoch milliseconds. */
export const COUNTED_SINCE = 'counted-since';
