import type { BuildDocument, StepDocument } from './builds.js';
import type { ReportDocument } from './report.js';
import type { StatusDocument } from './status.js';

/** What netmeter knows of a period, for other tools. */
export interface ExportDocument {
  schema: 1;
  since: string;
  until: string;
  /** Links and owners since `since`; null for a period that ended before now, and with the daemon stopped. */
  status: StatusDocument | null;
  report: ReportDocument;
  /** That began in the period, newest first. */
  builds: { build: BuildDocument; steps: StepDocument[] }[];
}
