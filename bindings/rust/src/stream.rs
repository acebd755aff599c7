//! A report that is awaited.

use std::collections::HashMap;
use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::Asynchron;
use crate::error::Result;
use crate::report::{Item, Next, Report};
use crate::wait::{Slot, unwake, wake_on};

/// Yields asynchrons as they complete, to a task that awaits them: no thread waits.
///
/// ```
/// use asynchron_c::{Asynchron, Stream};
///
/// # fn main() -> asynchron_c::Result<()> {
/// # smol::block_on(async {
/// let mut stream = Stream::new()?;
/// for tag in 0..3 {
///     stream.add(&Asynchron::spawn(move |_| 10 * tag as u64)?, tag)?;
/// }
/// let mut sum = 0;
/// while let Some(item) = stream.next().await {
///     sum += item.asynchron.get()?.number::<u64>()?;
/// }
/// assert_eq!(sum, 30);
/// # Ok(())
/// # })
/// # }
/// ```
///
/// It depends on no other crate; with `futures`, this is one of its streams:
/// `futures::stream::poll_fn(move |context| stream.poll_next(context))`.
pub struct Stream {
    report: Report,
    slot: Arc<Slot>,
    /// What the report holds, by the tag that it has there.
    held: HashMap<usize, Held>,
    last: usize,
}

struct Held {
    a: Asynchron,
    token: u64,
    tag: usize,
}

impl Stream {
    /// An empty one. Fails if there is no memory.
    pub fn new() -> Result<Stream> {
        let (report, slot) = (Report::new()?, Arc::default());
        Ok(Stream { report, slot, held: HashMap::new(), last: 0 })
    }

    /// Adds one, which it keeps until it has yielded it. The tag is given back with it.
    pub fn add(&mut self, a: &Asynchron, tag: usize) -> Result<()> {
        let number = self.last.wrapping_add(1);
        // A report learns of a completion before callbacks do, so whoever is woken finds the item; or finds it after
        // this call, since that has the stream for itself.
        let token = wake_on(a, &self.slot, 0)?;
        if let Err(error) = self.report.add(a, number) {
            unwake(a, token);
            return Err(error);
        }
        self.last = number;
        self.held.insert(number, Held { a: a.clone(), token, tag });
        Ok(())
    }

    /// The next that has completed; `None` when nothing is left in it. It may be given more then.
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Item>> {
        self.slot.set(context.waker());
        match self.report.next_timeout(Duration::ZERO) {
            Next::Item(Item { asynchron, tag: number }) => {
                let held = self.held.remove(&number);
                Poll::Ready(held.map(|held| Item { asynchron, tag: held.tag }))
            }
            Next::End => Poll::Ready(None),
            Next::Woken | Next::Timeout => Poll::Pending,
        }
    }

    /// The same, to be awaited. Dropping the future loses no item.
    #[expect(clippy::should_implement_trait)] // as the streams of other crates have it
    pub fn next(&mut self) -> impl Future<Output = Option<Item>> + Send + '_ {
        poll_fn(|context| self.poll_next(context))
    }

    /// How many were added and not yet yielded.
    pub fn pending(&self) -> usize {
        self.held.len()
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.slot.clear();
        for held in self.held.values() {
            unwake(&held.a, held.token);
        }
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stream({} pending)", self.pending())
    }
}
