/** What of @homebridge/dbus-native is used here; its own types tell less. */
declare module '@homebridge/dbus-native' {
  interface Emitter {
    on(event: string, listener: (...values: never[]) => void): unknown;
    once(event: string, listener: (...values: never[]) => void): unknown;
    emit(event: string, ...values: unknown[]): boolean;
  }

  export interface Message {
    /** 1 method call, 2 return, 3 error, 4 signal. */
    type?: number;
    flags?: number;
    path?: string;
    interface?: string;
    member?: string;
    destination?: string;
    sender?: string;
    signature?: string;
    body?: unknown[];
  }

  export interface MessageBus {
    connection: Emitter & { stream: Emitter & { unref(): unknown; destroy(): unknown } };
    invoke(
      message: Message,
      callback: (error: { name: string; message: unknown } | null, ...values: unknown[]) => void,
    ): void;
  }

  /** A CommonJS module: bundled, only its default export is there for certain. */
  const dbus: { createClient(options: { busAddress: string }): MessageBus };
  export default dbus;
}
