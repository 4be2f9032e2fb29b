/** Instead of the offset of an IP header: why there is none. */
export const NOT_IP = -1;
export const MALFORMED = -2;
export const UNKNOWN_LINK_TYPE = -3;
