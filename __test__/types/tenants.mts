import mongoose, { Schema } from 'mongoose';
import PolyMongo from 'polymongo';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const check = <T extends true>(): T | undefined => undefined;

const wrapper = PolyMongo.createWrapper({
  mongoURI: 'mongodb://localhost:27017',
  databaseName: (tenant) => `prod_${tenant}`,
});
PolyMongo.createWrapper({
  mongoURI: 'mongodb://localhost:27017',
  databaseName: { toDatabase: (tenant) => `prod_${tenant}`, toTenant: (dbName) => dbName.slice(5) },
});
// @ts-expect-error: one way is not enough
const oneWay: PolyMongo.WrapperOptions['databaseName'] = { toDatabase: (tenant: string) => tenant };

const User = wrapper.wrapModel(
  mongoose.model('User', new Schema({ name: { type: String, required: true }, age: Number })),
);
const Plan = wrapper.wrapModel(mongoose.model('Plan', new Schema({ title: String })), { db: 'control' });

declare global {
  interface PolyMongoTenantModels {
    User: typeof User;
    Plan: typeof Plan;
  }
}

const tenant = wrapper.tenant('acme');
check<Equal<typeof tenant, PolyMongo.Tenant>>();
check<Equal<typeof tenant.User, typeof User>>();
check<Equal<typeof tenant.models.Plan, typeof Plan>>();
const name: string | undefined = (await tenant.User.findOne())?.name;
const title: string | null | undefined = (await tenant.model('Plan').findOne())?.title;
const again: typeof User = tenant.model(User);
const names: [string, string] = [tenant.name, tenant.databaseName];
// @ts-expect-error: no such model
tenant.models.Invoice;
// @ts-expect-error: no such path
(await tenant.User.findOne())?.mayor;
const value: number = tenant.run(() => 1);
const inside: number = await tenant.transaction(async (session) => {
  check<Equal<typeof session, mongoose.ClientSession>>();
  return 1;
});
await tenant.watch([{ $match: {} }]).close();
const size: number = (await tenant.stats()).sizeMb;
await tenant.drop();

export { again, inside, name, names, oneWay, size, title, value };
