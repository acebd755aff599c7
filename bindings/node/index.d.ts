// What the package gives, and what each of it does.

/** How values become bytes that C can read, and back: see {@link Options.as}. */
export type Kind = 'bytes' | 'text' | 'f64' | 'i64' | 'u64';

/** What may be delivered to an asynchron of a kind. */
export type Sent<K extends Kind> = {
  bytes: ArrayBufferView | ArrayBufferLike;
  text: string;
  f64: number;
  i64: bigint | number;
  u64: bigint | number;
}[K];

/** What arrives from an asynchron of a kind. */
export type Arrived<K extends Kind> = { bytes: Buffer; text: string; f64: number; i64: bigint; u64: bigint }[K];

export interface Options {
  /** For people; without one it gets a name when somebody asks for it. */
  name?: string | undefined;
  /** Aborted, it cancels the asynchron, with the message of its reason, which is the `cause` here. */
  signal?: AbortSignal | undefined;
  /** In milliseconds, after which it fails as {@link TimedOut}, if it is not complete by then. */
  timeout?: number | undefined;
  /**
   * Its values are bytes for C, and here that. Without a kind, bytes are bytes, `undefined` is the empty value, and all
   * else stays in JavaScript, as it is: C sees a pointer, and other threads of JavaScript get that as a bigint.
   */
  as?: Kind | undefined;
}

/** The kinds that fit an asynchron from which `T` arrives, and to which `S` may be sent. */
export type KindOf<T, S = T> = {
  [K in Kind]: Arrived<K> extends T ? ([S] extends [Sent<K>] ? K : never) : never;
}[Kind];

export interface OptionsFor<T, S = T> extends Options {
  as?: KindOf<T, S> | undefined;
}

export interface OptionsOfKind<K extends Kind> extends Options {
  as: K;
}

export interface GroupOptions extends Omit<Options, 'as'> {
  /** Once it is complete, those of its asynchrons that are not are cancelled, as `unneeded`. */
  cancelRest?: boolean | undefined;
}

export interface PromiseOptions {
  /** Aborted, it rejects the promise with its reason. The asynchron stays as it is. */
  signal?: AbortSignal | undefined;
}

export type State = 'pending' | 'running' | 'ready' | 'cancelled';

/**
 * A value that arrives later. `T` is what arrives, and `S` what may be sent.
 *
 * A failure is thrown: the exception itself that was given to fail() in this thread, or a {@link Failure}. A cancel is
 * thrown as {@link Cancelled}. Whoever awaits keeps the process alive.
 */
export class Asynchron<T = any, S = T> implements PromiseLike<T> {
  constructor(options?: OptionsFor<T, S>);

  /** One of a kind, with the types of that: `new Asynchron({ as: kind })`. */
  static of<K extends Kind>(kind: K, options?: Options): Asynchron<Arrived<K>, Sent<K>>;

  /** One that completes with `undefined` after that many milliseconds. `Infinity`: never by itself. */
  static timer(ms?: number, options?: Options): Asynchron<undefined>;

  /** A new one, after {@link Asynchron.compute}. */
  static compute<K extends Kind>(
    fn: (self: Asynchron<Arrived<K>, Sent<K>>) => Sent<K> | PromiseLike<Sent<K>>,
    options: OptionsOfKind<K>,
  ): Asynchron<Arrived<K>, Sent<K>>;
  static compute<T>(fn: (self: Asynchron) => T | PromiseLike<T>, options?: Omit<Options, 'as'>): Asynchron<T>;

  /**
   * One that completes with `undefined` once all have a value, or as the first that fails or is cancelled. The values
   * are to be had from those; `Promise.all` gives them, for JavaScript alone.
   */
  static all(asynchrons: Iterable<Asynchron<any, any>>, options?: GroupOptions): Asynchron<undefined>;
  /** One that completes as the first that has a value; if none has, as the last of them. All are of the same kind. */
  static any<T, S>(asynchrons: Iterable<Asynchron<T, S>>, options?: GroupOptions): Asynchron<T, S>;
  /** One that completes as the first that completes. All are of the same kind. */
  static race<T, S>(asynchrons: Iterable<Asynchron<T, S>>, options?: GroupOptions): Asynchron<T, S>;

  /** The asynchron at an address that C lends for this call; it is retained. */
  static fromHandle<K extends Kind>(
    address: bigint | number,
    options: OptionsOfKind<K>,
  ): Asynchron<Arrived<K>, Sent<K>>;
  static fromHandle(address: bigint | number, options?: Options): Asynchron;

  /** The same for an address that comes with a reference, as that of {@link Asynchron.share} does. */
  static adopt<K extends Kind>(address: bigint | number, options: OptionsOfKind<K>): Asynchron<Arrived<K>, Sent<K>>;
  static adopt(address: bigint | number, options?: Options): Asynchron;

  /** The address, for a call of C's, which retains it if it keeps it. Keep this object until then. */
  readonly handle: bigint;

  /** The address with a reference, for whoever adopts or releases it: C, or another thread of JavaScript. */
  share(): bigint;

  readonly name: string;
  readonly state: State;
  /** Whether it has a value, failed or was cancelled. */
  readonly complete: boolean;

  /**
   * Delivers a value. True if that completed it; false if it was complete. Another asynchron is delivered as it is, and
   * `await` then waits for that; {@link Refused} if it is this one, or leads to it.
   */
  value(value: S): boolean;
  /**
   * Delivers an exception, or anything else that is to be thrown. C sees its message, `code` and `domain`. If nobody
   * ever asks, nobody is told.
   */
  fail(error: unknown): boolean;
  /** Cancels it. */
  cancel(reason?: string): boolean;
  /** Cancels it unless a function that computes it has begun. True if that cancelled it. */
  cancelPending(reason?: string): boolean;
  /** Has it complete as another one does. Two that follow each other wait until somebody completes one. */
  follow(source: Asynchron<T, any>): boolean;
  /** Has it fail as {@link TimedOut} after that many milliseconds, instead of a time that was set before. */
  expire(ms: number): boolean;

  /**
   * Runs a function for the value, now, on this thread. What it returns is delivered, or what a promise or an asynchron
   * that it returns settles with; what it throws is the failure. False: it was not pending, and nothing ran.
   */
  compute(fn: (self: this) => T | PromiseLike<T>): boolean;

  /**
   * Has a signal cancel it. True if that was aborted, and cancelled it now. The signal does not keep the asynchron from
   * the garbage collector.
   */
  cancelOn(signal: AbortSignal): boolean;
  /**
   * Aborted when it is cancelled, by whomever, with {@link Cancelled} as the reason. Keep the signal or the asynchron
   * until then: listeners alone keep neither from the garbage collector.
   */
  readonly signal: AbortSignal;

  /** What it is complete with, returned or thrown; {@link Refused} if it is not complete. */
  get(): T;
  /**
   * Waits, for that many milliseconds at most, and returns or throws what it completed with; {@link TimedOut} if it did
   * not. This thread stands still until then: its timers, its promises, its servers, its listeners for signals of the
   * system. A Worker that waits so can be ended.
   */
  getSync(ms?: number): T;
  /** Waits as {@link Asynchron.getSync} does. Whether it is complete. */
  waitSync(ms?: number): boolean;

  /** A promise of what it completes with. */
  promise(options?: PromiseOptions): Promise<T>;
  then<A = T, B = never>(
    fulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    rejected?: ((error: any) => B | PromiseLike<B>) | null,
  ): Promise<A | B>;
  catch<B = never>(rejected?: ((error: any) => B | PromiseLike<B>) | null): Promise<T | B>;
  finally(settled?: (() => void) | null): Promise<T>;

  /**
   * Gives it up, which is not a cancel: whoever has it otherwise goes on, and promises of it settle. Signals no longer
   * reach it by this object. The garbage collector does it, too, some time later: not while a promise of it is open,
   * nor if its value, its exception or the reason of its abort is JavaScript's and refers to the asynchron itself. A
   * loop that makes very many and gives the event loop no turn has to do it by hand.
   */
  release(): void;
  [Symbol.dispose](): void;
}

/** Several asynchrons, in the order in which they complete. */
export class Report<A extends Asynchron<any, any> = Asynchron> implements AsyncIterableIterator<A> {
  /** One without any that are to come has ended: see {@link Report.next}. Add one that is complete last of all. */
  constructor(asynchrons?: Iterable<A>);
  /** How many were added and not yet yielded. */
  readonly size: number;
  /** {@link Refused} if that was released. */
  add(asynchron: A): this;
  /** The next one; done when all that were added were yielded, until more are added. */
  next(): Promise<IteratorResult<A, undefined>>;
  /** Lets go of all, and ends those who ask. */
  close(): void;
  return(value?: any): Promise<IteratorResult<A, any>>;
  [Symbol.asyncIterator](): this;
}

/** `for await (const a of report(asynchrons))`: each as it completes, however it ends. */
export function report<A extends Asynchron<any, any>>(asynchrons: Iterable<A>): Report<A>;

export interface ErrorDetails {
  /** A number of the domain's, of 32 bits. */
  code?: number | undefined;
  /** Whose code it is. */
  domain?: string | undefined;
  cause?: unknown;
}

/** What all errors of the package are. */
export class AsynchronError extends Error {
  constructor(message?: string, details?: ErrorDetails);
  code: number;
  domain: string;
}

/** A failure that C delivered, or another thread of JavaScript. */
export class Failure extends AsynchronError {}

/** It was cancelled; the message is the reason. */
export class Cancelled extends AsynchronError {}

/** The time of a wait ran out, and the asynchron goes on; or its own time did, and it failed. */
export class TimedOut extends AsynchronError {}

/** The library refused a call; `code` is the status. */
export class Refused extends AsynchronError {}

/** The version of the C library that is running. */
export function version(): string;

/** The file of the C library that was loaded. */
export const libraryPath: string;

/** The folder of asynchron.h, for extensions in C that share asynchrons with JavaScript. */
export const includePath: string;
