/** What is used of pcap-parser 0.2, which comes without types. */
declare module 'pcap-parser' {
  interface ParsedPacket {
    header: {
      timestampSeconds: number;
      timestampMicroseconds: number;
      capturedLength: number;
      originalLength: number;
    };
    data: Uint8Array;
  }

  interface Parser {
    /** What it has not consumed yet. */
    buffer: Uint8Array | null;
    on(event: 'packet', listener: (packet: ParsedPacket) => void): void;
    on(event: 'error', listener: (error: Error) => void): void;
    on(event: 'end', listener: () => void): void;
  }

  const pcapParser: { parse(stream: object): Parser };
  export = pcapParser;
}
