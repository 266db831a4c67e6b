import PolyMongo from './index.js';

export default PolyMongo;
export { PolyMongo, PolyMongo as PolyMongoWrapper };
export const createWrapper: typeof PolyMongo.createWrapper;
export const Types: typeof PolyMongo.Types;
