/** The packages of the published binaries, of which npm installs the one that fits. */
declare module 'polymongo-*';
