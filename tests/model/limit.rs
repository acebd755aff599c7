//! A time limit for each program: one that hangs is printed, and ends the test.

use std::io::{self, Write};
use std::sync::{Mutex, Once, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::machine::op::Program;

const LIMIT: Duration = Duration::from_secs(60);

static PLAYING: Mutex<Option<(Instant, Program)>> = Mutex::new(None);

/// What is playing from now on, if anything.
pub fn set(program: Option<&Program>) {
    static WATCH: Once = Once::new();
    WATCH.call_once(|| _ = thread::spawn(watch));
    let playing = program.map(|program| (Instant::now(), program.clone()));
    *PLAYING.lock().unwrap_or_else(PoisonError::into_inner) = playing;
}

fn watch() {
    loop {
        thread::sleep(Duration::from_secs(1));
        if let Some((since, program)) = &*PLAYING.lock().unwrap_or_else(PoisonError::into_inner) {
            if since.elapsed() > LIMIT {
                // Past what the test runner captures.
                let _ = writeln!(io::stderr(), "this hangs:{program:?}");
                std::process::abort();
            }
        }
    }
}
