/**
 * render: one report model in four forms. The model is the document; the view says what is shown of it, the
 * same in every form for people. Pure: documents in, text out.
 */
import type { ReportDocument } from '../../protocol/documents.js';
import { reportView } from '../view/report-view.js';
import { renderHtml } from './html.js';
import { renderMarkdown } from './markdown.js';
import { renderText, type TextOptions } from './text.js';

export const REPORT_FORMATS = ['text', 'md', 'html', 'json'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

/** @param options only text has any */
export function renderReport(document: ReportDocument, format: ReportFormat, options: TextOptions): string {
  if (format === 'json') return `${JSON.stringify(document)}\n`;
  const view = reportView(document);
  if (format === 'md') return renderMarkdown(view);
  if (format === 'html') return renderHtml(view);
  return renderText(view, options);
}
