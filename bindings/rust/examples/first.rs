//! Awaits what other threads deliver.

use asynchron_c::{Asynchron, Error, Stream};
use std::thread;

async fn run() -> asynchron_c::Result<()> {
    let a = Asynchron::named("greeting")?;
    let producer = a.clone(); // one more reference
    thread::spawn(move || producer.set("hello")); // or a thread of C, or of any other language
    println!("{}", (&a).await?.text()?);

    let b = Asynchron::spawn(|_| -> u64 { panic!("no luck") })?;
    match b.await {
        Err(Error::Failed(why)) => println!("{} ({} {})", why.message, why.domain, why.code),
        other => println!("{other:?}"),
    }

    let mut stream = Stream::new()?;
    for tag in 1..=3 {
        stream.add(&Asynchron::spawn(move |_| 10 * tag as u64)?, tag)?;
    }
    let mut sum = 0;
    while let Some(item) = stream.next().await {
        sum += item.asynchron.get()?.number::<u64>()?;
    }
    println!("{sum}");
    Ok(())
}

fn main() -> asynchron_c::Result<()> {
    std::panic::set_hook(Box::new(|_| {})); // or Rust prints what panics
    smol::block_on(run()) // or tokio, or another executor
}
