//! How the operating system schedules the engine's threads.

/// From now on the current thread, when it is woken, takes an idle core or waits for one, instead of interrupting the
/// thread that runs: that is often JavaScript's, which has just submitted the operation and has the rest of its turn to do.
///
/// `SCHED_BATCH` of Linux, see sched(7); any thread may ask for it. Where it is refused, or elsewhere, nothing changes.
#[cfg(target_os = "linux")]
pub fn wait_for_a_core() {
    // The parameters are numbers, of which only the priority matters and has to be 0. The thread 0 is the current one.
    let _refused = unsafe {
        let parameters: libc::sched_param = std::mem::zeroed();
        libc::sched_setscheduler(0, libc::SCHED_BATCH, &raw const parameters)
    };
}

/// See the one for Linux.
#[cfg(not(target_os = "linux"))]
pub fn wait_for_a_core() {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #[test]
    fn a_thread_that_waits_for_a_core_is_a_batch_thread_and_its_neighbours_are_not() {
        let policy = || unsafe { libc::sched_getscheduler(0) };
        let before = policy();
        let of_the_thread = std::thread::spawn(move || {
            super::wait_for_a_core();
            policy()
        });
        assert_eq!(of_the_thread.join().unwrap(), libc::SCHED_BATCH);
        assert_eq!(policy(), before);
    }
}
