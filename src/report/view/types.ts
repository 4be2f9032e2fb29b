/**
 * view: what a report shows and in which order, the same in every form. Built from the document, so that
 * no form has a figure of its own; figures are texts here, unknown ones the word for it.
 */
export interface ReportView {
  title: string;
  /** The period and its time zone. */
  period: string;
  /** What matters most, first. */
  facts: readonly Fact[];
  sections: readonly Section[];
  /** How to read it: what figures rest on. */
  notes: readonly string[];
}

export interface Fact {
  label: string;
  value: string;
  /** What it leaves out, or compares with. */
  note?: string;
}

export interface Section {
  title: string;
  /** What there is to say when it is empty, or before its table. */
  text?: string;
  chart?: Chart;
  table?: ViewTable;
  items?: readonly string[];
}

/** One group of bars per label. Values are bytes; undefined is unknown and has no bar, but says so. */
export interface Chart {
  labels: readonly string[];
  series: readonly { name: string; values: readonly (number | undefined)[] }[];
}

export interface ViewTable {
  /** The first column is text, the others are figures. */
  titles: readonly string[];
  rows: readonly (readonly string[])[];
}
