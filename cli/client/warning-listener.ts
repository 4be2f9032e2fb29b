import type { WarningDocument } from '../../src/protocol/documents.js';
import type { Place } from '../../src/protocol/paths.js';
import { escapeText } from '../../src/text/escape.js';
import { connectLive, type LiveConnection } from './live-connection.js';

type Warning = Pick<WarningDocument, 'code' | 'message' | 'at'>;

/** Writes warnings to stderr as they are given, each once. Without a daemon it stays silent. */
export class WarningListener {
  readonly #places: readonly Place[];
  readonly #stderr: { write(text: string): void };
  readonly #written = new Set<string>();
  #live: LiveConnection | undefined;
  #stopped = false;

  constructor(places: readonly Place[], stderr: { write(text: string): void }) {
    this.#places = places;
    this.#stderr = stderr;
  }

  /** Never rejects: who runs a command wants that, with or without warnings. */
  async start(): Promise<void> {
    try {
      const live = await connectLive(this.#places, (event) => {
        if (event.event === 'warning') this.#write(event.warning);
      });
      this.#live = live;
      if (this.#stopped) live.close();
      else await live.ask('subscribe', {});
    } catch {
      // What was given meanwhile is known at the end.
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#live?.close();
  }

  /** Those that were not heard of. */
  rest(warnings: readonly Warning[]): void {
    for (const warning of warnings) this.#write(warning);
  }

  #write(warning: Warning): void {
    const key = JSON.stringify([warning.code, warning.at, warning.message]);
    if (this.#written.has(key)) return;
    this.#written.add(key);
    this.#stderr.write(`netmeter: warning: ${escapeText(warning.message)} (${warning.code})\n`);
  }
}
