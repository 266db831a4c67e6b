import PolyMongo from './index.js';

export const { createWrapper, PolyMongoWrapper, PolyMongoError, Types } = PolyMongo;
export { PolyMongo };
export default PolyMongo;
