//! Values that arrive later, shared with C.
//!
//! This is a safe interface to the installed C library [asynchron](ffi): the handles are the same as in C, so a
//! program of C, or of any language that calls it, may create what Rust awaits, and the other way round. `unsafe` is
//! needed only to turn a pointer of C's into a handle: [`Asynchron::from_raw`].
//!
//! ```
//! use asynchron_c::{Asynchron, Error};
//!
//! # fn main() -> asynchron_c::Result<()> {
//! # smol::block_on(async {
//! let a = Asynchron::named("answer")?;
//! let producer = a.clone(); // one more reference
//! std::thread::spawn(move || producer.set(42u64));
//!
//! match (&a).await {
//!     Ok(value) => assert_eq!(value.number::<u64>()?, 42),
//!     Err(Error::Failed(why)) => println!("{} ({} {})", why.message, why.domain, why.code),
//!     Err(Error::Cancelled { reason }) => println!("cancelled: {reason}"),
//!     Err(other) => return Err(other),
//! }
//! # Ok(())
//! # })
//! # }
//! ```
//!
//! - [`Asynchron`]: a handle. [`set`](Asynchron::set), [`fail`](Asynchron::fail) and [`cancel`](Asynchron::cancel)
//!   complete it, [`get`](Asynchron::get) waits on a thread, `.await` in a task of any executor.
//! - [`Deliver`] says what can be a value, [`Value`] how it is read, [`Object`] is for objects of Rust's.
//! - [`spawn`](Asynchron::spawn), [`call`](Asynchron::call), [`then`](Asynchron::then), [`after`](Asynchron::after)
//!   compute values; a panic in there becomes a failure with its message. [`all`](Asynchron::all),
//!   [`any`](Asynchron::any) and
//!   [`race`](Asynchron::race) make one of several.
//! - [`Promise`] fails what nobody is left to deliver, [`Report`] yields many in the order of their completion, and
//!   to a task as a [`Stream`]; an [`Executor`] says where functions run.
//!
//! # Threads
//!
//! Handles are `Send` and `Sync`. A callback runs on the thread that completes, which may be one of C's: so closures
//! have to be `Send`. Timeouts are [`Duration`](std::time::Duration)s; `Duration::MAX` is for ever, and zero does not
//! wait.
//!
//! # Memory
//!
//! The library tells of memory that has run out as [`Error::NoMemory`]. What Rust itself allocates here, such as the
//! box of a closure, ends the program without memory, as everywhere in Rust.
//!
//! # Beside the library's own crate
//!
//! The library is written in Rust, as the crate `asynchron`, which programs of Rust may have inside. This is another
//! crate, over the shared library, for programs whose other parts are linked with that. Do not use both in one program:
//! the copies know nothing of each other's handles.

mod calls;
mod collect;
mod compute;
mod deliver;
mod error;
mod executor;
#[rustfmt::skip]
pub mod ffi;
mod handle;
mod notify;
mod object;
mod promise;
mod report;
mod step;
mod stream;
mod time;
mod together;
mod value;
mod wait;

pub use collect::NotTaken;
pub use deliver::{Deliver, Follow, Object, Owned};
pub use error::{Error, Failure, Result};
pub use executor::{Executor, Shutdown, Task};
pub use handle::{Asynchron, Options, State};
pub use notify::Registration;
pub use promise::Promise;
#[cfg(unix)]
pub use report::Descriptor;
pub use report::{Item, Iter, Next, Report};
pub use step::{Ending, Step};
pub use stream::Stream;
pub use together::Rest;
pub use value::{Number, Value};
pub use wait::{OwnedWait, Ready, Wait};

/// The version of the library that is running: major * 10000 + minor * 100 + patch.
pub fn version() -> u32 {
    // SAFETY: it may be called at any time.
    unsafe { ffi::asynchron_version() }
}

/// The programs of the pages are run, too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
