//! Random bytes and damaged documents against everything that reads bytes or texts from outside.
//!
//! `cargo test --test fuzz` runs the corpus and some hundred new cases for each target; with `PROPTEST_CASES=1000000` it goes
//! on for as long as one likes. What ever failed stays: as a seed in `regressions.txt`, as bytes in `corpus/`.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod inputs;
mod targets;

use std::{fs, path::Path, thread};

use proptest::{
    prelude::*,
    test_runner::{Config, FileFailurePersistence, TestRunner},
};

use inputs::{damaged, texts};
use targets::{TARGETS, Target};

/// Like the threads that the decoders run on.
const STACK: usize = 8 * 1024 * 1024;

fn runner() -> TestRunner {
    let persistence = FileFailurePersistence::Direct("tests/fuzz/regressions.txt");
    TestRunner::new(Config {
        failure_persistence: Some(Box::new(persistence)),
        source_file: Some(file!()),
        ..Config::default()
    })
}

/// Runs `work` where there is room for recursion.
fn with_room(work: impl FnOnce() + Send + 'static) {
    let thread = thread::Builder::new().stack_size(STACK).spawn(work).unwrap();
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

fn fuzz<S: Strategy<Value = Vec<u8>> + 'static>(inputs: fn() -> S, wanted: fn(&Target) -> bool) {
    with_room(move || {
        let outcome = runner().run(&inputs(), |input| {
            TARGETS
                .iter()
                .filter(|target| wanted(target))
                .for_each(|target| (target.run)(&input));
            Ok(())
        });
        outcome.unwrap();
    });
}

fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..300)
}

#[test]
fn documents_and_what_is_left_of_them() {
    fuzz(damaged, |target| target.takes_documents);
}

#[test]
fn bytes() {
    fuzz(any_bytes, |_| true);
}

#[test]
fn words() {
    fuzz(texts, |target| !target.takes_documents);
}

#[test]
fn the_corpus() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
    let files: Vec<_> = fs::read_dir(corpus)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    assert!(files.len() > 1);
    with_room(move || {
        for file in files {
            let input = fs::read(file).unwrap();
            for target in TARGETS {
                (target.run)(&input);
            }
        }
    });
}
