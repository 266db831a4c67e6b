import PolyMongo from 'polymongo';

import required = require('polymongo');

import { createWrapper, type PolyMongoWrapper, Types } from 'polymongo';

const wrapper: PolyMongo = PolyMongo.createWrapper({ mongoURI: 'mongodb://localhost:27017' });
const same: PolyMongoWrapper = createWrapper({ mongoURI: 'mongodb://localhost:27017' });
const constructed: required = new required({ mongoURI: 'mongodb://localhost:27017' });
const named: typeof required = required.default;
const others: [typeof required, typeof required] = [required.PolyMongo, required.PolyMongoWrapper];
const empty: object = Types;

// The types are there both under their own names and under those of polymongo 1.3.
const options: PolyMongo.WrapperOptions = { mongoURI: 'mongodb://localhost:27017' };
const older: required.Types.wrapperOptions = options;

export { constructed, empty, named, older, others, same, wrapper };
