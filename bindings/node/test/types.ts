// The types of the package, as a program in TypeScript uses them: `tsc --strict` checks this file, and nothing runs it.
import { Asynchron, AsynchronError, Cancelled, Failure, Report, report } from 'asynchron';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_: Same<A, B>): void {}

export async function use(signal: AbortSignal, address: bigint): Promise<void> {
  const any = new Asynchron({ name: 'any', signal, timeout: 5 });
  any.value({ some: 'object' });

  const typed = new Asynchron<{ id: number }>();
  typed.value({ id: 1 });
  // @ts-expect-error: another type
  typed.value('text');
  same<Awaited<typeof typed>, { id: number }>(true);
  const { id }: { id: number } = await typed;

  const number = Asynchron.of('u64', { name: 'n' });
  number.value(2n ** 64n - 1n);
  number.value(id);
  // @ts-expect-error: not a number
  number.value('1');
  const big = await number;
  same<typeof big, bigint>(true);

  const text = Asynchron.fromHandle(address, { as: 'text' });
  const got = text.getSync(5);
  same<typeof got, string>(true);
  const bytes = await Asynchron.adopt(text.share(), { as: 'bytes' });
  same<typeof bytes, Buffer>(true);

  const computed = Asynchron.compute(async () => 5);
  const five = await computed.promise({ signal });
  same<typeof five, number>(true);

  const withSelf = Asynchron.compute(async (self) => self.name.length);
  const length = await withSelf;
  same<typeof length, number>(true);
  const plain = Asynchron.compute((self) => ({ name: self.name }));
  same<Awaited<typeof plain>, { name: string }>(true);
  const explicit = await Asynchron.compute<number>(async () => 5);
  same<typeof explicit, number>(true);
  const ticked = await Asynchron.compute(() => Asynchron.timer(1));
  same<typeof ticked, undefined>(true);
  const sent = await Asynchron.compute((self) => self.name.length, { as: 'u64' });
  same<typeof sent, bigint>(true);
  // @ts-expect-error: not what the kind takes
  Asynchron.compute(() => 'x', { as: 'u64' });

  // What may be missing may be undefined, also with exactOptionalPropertyTypes.
  const maybe = <V>(value: V): V | undefined => (Math.random() < 0.5 ? value : undefined);
  new Asynchron({ name: maybe('name'), signal: maybe(signal), timeout: maybe(5), as: undefined });
  any.promise({ signal: maybe(signal) });
  new Failure('no', { code: maybe(5), domain: maybe('mine') });

  new Asynchron<string>({ as: 'text' });
  new Asynchron<bigint>({ as: 'i64' });
  new Asynchron<Uint8Array>({ as: 'bytes' });
  new Asynchron<Buffer, string>();
  // @ts-expect-error: a text arrives
  new Asynchron<number>({ as: 'text' });
  // @ts-expect-error: a bigint arrives
  new Asynchron<number>({ as: 'u64' });
  // @ts-expect-error: a text cannot be sent
  new Asynchron<bigint, string>({ as: 'u64' });

  const first = await Asynchron.any([number, number], { cancelRest: true });
  same<typeof first, bigint>(true);
  const every = await Asynchron.all([number, text]);
  same<typeof every, undefined>(true);

  // @ts-expect-error: no such kind
  new Asynchron({ as: 'u8' });

  const r: Report<Asynchron<bigint, bigint | number>> = report([number]);
  for await (const a of r) {
    const value = a.get();
    same<typeof value, bigint>(true);
  }
  try {
    await Asynchron.timer(1);
  } catch (error) {
    if (error instanceof Cancelled || error instanceof Failure) {
      const { code, domain }: AsynchronError = error;
      console.log(code, domain, error.message);
    }
  }
  any.signal.throwIfAborted();
  const state: 'pending' | 'running' | 'ready' | 'cancelled' = any.state;
  console.log(state, await Promise.all([number, text]));
}
