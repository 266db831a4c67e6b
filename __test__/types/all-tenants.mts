import mongoose, { Schema } from 'mongoose';
import PolyMongo from 'polymongo';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const check = <T extends true>(): T | undefined => undefined;

const wrapper = PolyMongo.createWrapper({ mongoURI: 'mongodb://localhost:27017' });
const User = wrapper.wrapModel(
  mongoose.model('User', new Schema({ name: { type: String, required: true }, age: Number })),
);

const sync = await wrapper.syncIndexes([User, 'Plan'], {
  databases: /^eu/,
  dryRun: true,
  onProgress: ({ dbName, done, total }) => console.log(dbName, done / total),
});
check<Equal<typeof sync, PolyMongo.SyncIndexesReport>>();
const dropped: string[] | undefined = sync.drift[0]?.dropped;
// @ts-expect-error: no such option
await wrapper.syncIndexes(User, { dropExtra: true });

const report: PolyMongo.ForEachTenantReport = await wrapper.forEachTenant(
  async (tenant) => (await tenant.model(User).findOne())?.name,
  { names: new Set(['acme']), concurrency: 2, signal: new AbortController().signal },
);
for await (const { tenant, document } of User.across('eu_*').find({ age: 3 })) {
  check<Equal<typeof tenant, string>>();
  const name: string = document.name;
  console.log(name);
}
const counts: { tenant: string; count: number }[] = await User.across(['acme']).countDocuments().toArray();
const [sum] = await User.across()
  .aggregate<{ n: number }>([{ $group: { _id: null } }])
  .toArray();
const n: number | undefined = sum?.document.n;
// @ts-expect-error: a number chooses no tenants
User.across(7);

export { counts, dropped, n, report };
