/** One step of the schema. Once released it is never edited: a change is a new step. */
export interface Migration {
  /** The schema's number after it, in `user_version`. */
  version: number;
  sql: string;
}
