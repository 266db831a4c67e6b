//! Memory. What JavaScript's thread takes the engine's threads give back, and the other way round: the allocators of most
//! systems lock for that. Debug builds keep the system's, which sanitizers know.

#[cfg(not(debug_assertions))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
