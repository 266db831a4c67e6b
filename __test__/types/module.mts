import mongoose from 'mongoose';
import PolyMongo, { createWrapper, PolyMongo as Named, PolyMongoWrapper, Types } from 'polymongo';
import driver from 'polymongo/driver';

const wrapper: PolyMongo = PolyMongo.createWrapper({ mongoURI: 'mongodb://localhost:27017' });
const same: PolyMongoWrapper = createWrapper({ mongoURI: 'mongodb://localhost:27017' });
const constructed: Named = new Named({ mongoURI: 'mongodb://localhost:27017' });
const classes: (typeof PolyMongo)[] = [Named, PolyMongoWrapper];
const empty: object = Types;

const listener: PolyMongo.Listener<'connect'> = (event: PolyMongo.Types.connectEvent) => event.dbName;
const config: PolyMongo.Types.dbConfig = { dbName: 'analytics', options: { maxConnections: 25 } };

mongoose.setDriver(driver);
const ofOne: typeof mongoose.Connection = driver(mongoose).Connection;

export { classes, config, constructed, empty, listener, ofOne, same, wrapper };
