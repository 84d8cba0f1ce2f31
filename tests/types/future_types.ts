/** The types of Futures. Compiled by `deno check .`, and never executed. */

import { Future } from "../../mod.ts";
import { typeOf } from "./expect_type.ts";

declare const number: Future<number>;
declare const text: Future<string>;

typeOf(await number).is<number>(true);
typeOf(await number.result({ timeout: 1 })).is<number>(true);
typeOf(await number.exception()).is<unknown>(true);
typeOf(await number.then(String)).is<string>(true);
typeOf(await Promise.all([number, text])).is<[number, string]>(true);

// asCompleted gives the Futures, not their results

for await (const future of Future.asCompleted([number, number])) {
  typeOf(future).is<Future<number>>(true);
  typeOf(await future).is<number>(true);
  typeOf(future.cancelled()).is<boolean>(true);
}
for await (const future of Future.asCompleted([number])) {
  typeOf(future).is<Future<number>>(true); // with an AsyncIterable it would be number
}
for await (const future of Future.asCompleted([number, text], { timeout: 1 })) {
  typeOf(future).is<Future<number> | Future<string>>(true);
  typeOf(await future).is<number | string>(true);
}
const completed = Future.asCompleted(new Set([text]));
for await (const future of completed) typeOf(future).is<Future<string>>(true);
for await (const future of completed) typeOf(future).is<Future<string>>(true);
typeOf((await completed.next()).value).is<Future<string> | undefined>(true);
// @ts-expect-error numbers are not Futures
Future.asCompleted([1, 2]);

// wait gives the Futures

const { done, notDone } = await Future.wait([number, text], { returnWhen: "FIRST_COMPLETED" });
typeOf(done).is<Set<Future<number> | Future<string>>>(true);
typeOf(notDone).is<Set<Future<number> | Future<string>>>(true);
// @ts-expect-error there is no such value of returnWhen
Future.wait([number], { returnWhen: "NEVER" });
