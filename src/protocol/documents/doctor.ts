export interface DoctorDocument {
  schema: 1;
  ok: boolean;
  checks: { name: string; ok: boolean; found: string; needed: string; fix: string | null }[];
}
