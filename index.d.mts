import PolyMongo from './index.js';

export default PolyMongo;
export { PolyMongo, PolyMongo as PolyMongoWrapper };
export const createWrapper: typeof PolyMongo.createWrapper;
export import PolyMongoError = PolyMongo.PolyMongoError;
export const Types: typeof PolyMongo.Types;
