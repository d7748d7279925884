/**
 * Runs `work` over `items`, at most `limit` at a time, and returns the results in the order of the items. After a
 * failure no further item is started, and the first error is thrown once everything in flight has ended: a retry finds
 * nothing running.
 */
export async function atOnce<Item, Result>(
  limit: number,
  items: readonly Item[],
  work: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const failures: { readonly error: unknown }[] = [];
  let next = 0;
  const lane = async () => {
    while (next < items.length && failures.length === 0) {
      const index = next++;
      try {
        results[index] = await work(items[index]!, index);
      } catch (error) {
        failures.push({ error });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane));
  if (failures[0]) throw failures[0].error;
  return results;
}
