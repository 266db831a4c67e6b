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

import type { IncomingMessage, ServerResponse } from 'node:http';

interface Incoming extends IncomingMessage {
  tenant?: PolyMongo.Tenant;
}
const middleware = wrapper.middleware(
  async (request: Incoming, response: ServerResponse) => {
    response.setHeader('vary', 'x-tenant');
    return request.headers['x-tenant']?.toString();
  },
  { status: 404, mustExist: true, required: false, timeoutMS: 500 },
);
const listen = (request: Incoming, response: ServerResponse): void =>
  middleware(request, response, (error) => response.end(String(error ?? request.tenant?.name)));
// @ts-expect-error: a tenant is named by a string
wrapper.middleware(() => 42);
// @ts-expect-error: the name is misspelt
wrapper.middleware(() => 'acme', { require: true });

const GET = wrapper.withTenant.route(
  async (_request, { params }: { params: Promise<{ tenant: string }> }) => (await params).tenant,
  async (request, { params }, own) => {
    check<Equal<typeof request, Request>>();
    check<Equal<typeof own, PolyMongo.Tenant>>();
    return Response.json({ path: (await params).tenant, users: await own.User.countDocuments() });
  },
);
const response: Promise<Response> = GET(new Request('http://localhost'), {
  params: Promise.resolve({ tenant: 'acme' }),
});
wrapper.withTenant.route(
  (request) => request.headers.get('x-tenant'),
  (_request, _context, own) => {
    // @ts-expect-error: there may be none
    own.name;
    return new Response(own?.name);
  },
  { required: false },
);
const exists: boolean = await wrapper.tenantExists('acme');
const all: string[] = [...(await wrapper.listTenants()), ...(await wrapper.listTenants(/^a/))];

const created: PolyMongo.Tenant = await wrapper.createTenant('acme', {
  models: ['User', User],
  seed: async (own) => {
    await own.User.create({ name: 'Ada' });
  },
  ifExists: 'keep',
});

// What wrapper.model gives is what wrapModel makes of the same schema.
const citySchema = new Schema(
  { name: { type: String, required: true }, population: Number },
  {
    methods: {
      shout() {
        return this.name.toUpperCase();
      },
    },
    statics: {
      byName(name: string) {
        return this.findOne({ name });
      },
    },
  },
);
const Defined = wrapper.model('City', citySchema);
const viaMongoose = wrapper.wrapModel(mongoose.model('City', citySchema));
check<Equal<typeof Defined, typeof viaMongoose>>();
const city = await Defined.db('acme').byName('Paris');
const shouted: string | undefined = (await Defined.db('acme').findOne())?.shout();
const population: number | null | undefined = city?.population;
// @ts-expect-error: no such path
city?.mayor;
interface Country {
  code: string;
}
interface CountryModel extends mongoose.Model<Country> {
  byCode(code: string): Promise<Country | null>;
}
const Countries = wrapper.model<Country, CountryModel>(
  'Country',
  new Schema<Country, CountryModel>({ code: String }),
  'lands',
  { db: 'control' },
);
const country: Country | null = await Countries.byCode('fr');
const byName: typeof User = wrapper.model('User');
// @ts-expect-error: a schema is expected
wrapper.model('Plain', { name: String });

export {
  again,
  all,
  byName,
  country,
  created,
  exists,
  inside,
  listen,
  name,
  names,
  oneWay,
  population,
  response,
  shouted,
  size,
  title,
  value,
};
