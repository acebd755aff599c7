//! A program of another project: it awaits on an executor of its own, which it has in a few lines, and ends while a
//! thread waits.

use std::future::IntoFuture;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake};
use std::thread::{self, Thread};

use asynchron_c::{Asynchron, Error, Result};

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let (mut future, waker) = (pin!(future), Arc::new(Unpark(thread::current())).into());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        thread::park();
    }
}

fn main() -> Result<()> {
    let a = Asynchron::spawn(|_| u64::MAX)?;
    assert_eq!(block_on((&a).into_future())?.number::<u64>()?, u64::MAX);
    let broken = Asynchron::spawn(|_| -> () { panic!("as it should") })?;
    match block_on(broken.into_future()) {
        Err(Error::Failed(why)) => assert_eq!(why.message, "as it should"),
        other => panic!("{other:?}"),
    }
    let never = Asynchron::new()?;
    thread::spawn(move || never.get().map(drop));
    println!("asynchron {} from a crate that depends on it", asynchron_c::version());
    Ok(())
}
