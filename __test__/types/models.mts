import mongoose, { type HydratedDocument, type Model, Schema } from 'mongoose';
import PolyMongo from 'polymongo';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const check = <T extends true>(): T | undefined => undefined;

interface User {
  name: string;
  email?: string;
}
interface UserMethods {
  greet(): string;
}
interface UserQueries {
  named(
    name: string,
  ): mongoose.QueryWithHelpers<
    HydratedDocument<User, UserMethods>[],
    HydratedDocument<User, UserMethods>,
    UserQueries
  >;
}
interface UserModel extends Model<User, UserQueries, UserMethods> {
  findAdmins(): Promise<HydratedDocument<User, UserMethods>[]>;
}

const Explicit = mongoose.model<User, UserModel>(
  'User',
  new Schema<User, UserModel, UserMethods>({ name: String }),
);
const Inferred = mongoose.model(
  'City',
  new Schema(
    { name: { type: String, required: true }, population: Number },
    {
      methods: {
        shout() {
          return this.name.toUpperCase();
        },
      },
      query: {
        above(population: number) {
          return this.where({ population: { $gt: population } });
        },
      },
      statics: {
        byName(name: string) {
          return this.findOne({ name });
        },
      },
    },
  ),
);

const wrapper = PolyMongo.createWrapper({ mongoURI: 'mongodb://localhost:27017' });

// Statics, methods and query helpers are those of the model that was wrapped.
const Users = wrapper.wrapModel(Explicit);
check<Equal<Awaited<ReturnType<typeof Users.findAdmins>>, HydratedDocument<User, UserMethods>[]>>();
const admins = await Users.db('tenant_1').findAdmins();
const greeting: string | undefined = admins[0]?.greet();
const users = await Users.db('tenant_1').find().named('Ada');
const name: string | undefined = users[0]?.name;

const Cities = wrapper.wrapModel(Inferred);
const city = await Cities.db('country_fr').byName('Paris');
const population: number | null | undefined = city?.population;
const large = await Cities.db('country_fr').find().above(1_000_000);
const shouted: string | undefined = large[0]?.shout();
const made = new (Cities.db('country_fr'))({ name: 'Lyon' });
await made.save();
// @ts-expect-error: no such static
Cities.db('country_fr').byCountry('fr');
// @ts-expect-error: no such path
made.mayor;

// `db` is a connection that can be called, and what it answers can be called again.
const connection: mongoose.Connection = Users.db;
const state: number = Users.db('tenant_1').db.readyState;
const again: typeof Users = Users.db('tenant_1').db('tenant_2');
const byDefault: typeof Users = Users.db();
// @ts-expect-error: a database is named by a string
Users.db(42);
// @ts-expect-error: in TypeScript a missing name is said by leaving it out
Users.db(null);

// As polymongo 1.3 wrote it: by document type.
const plain: Model<User> = mongoose.model<User>('Plain');
const explicit = wrapper.wrapModel<User>(plain);
const wrapped: PolyMongo.Types.WrappedModel<User> = explicit;
const wrappedModel: PolyMongo.WrappedModel<typeof Explicit> = Users;
const found: User | null = await wrapped.db('archive').findOne().lean();
const asModel: Model<User> = wrapped.db('archive');
// @ts-expect-error: not a model
wrapper.wrapModel({ find: () => [] });

// A function that works for every model.
async function count<M extends PolyMongo.AnyModel>(model: PolyMongo.BoundModel<M>): Promise<number> {
  return model.db('tenant_1').countDocuments();
}
await count(Users);
await count(Cities);

export {
  again,
  asModel,
  byDefault,
  connection,
  found,
  greeting,
  name,
  population,
  shouted,
  state,
  wrappedModel,
};
