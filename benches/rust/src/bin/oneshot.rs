//! The crate oneshot.

use contestants::{Workload, bench, channels::Channel, workloads_over_channels};

struct Oneshot;

impl Channel for Oneshot {
    type Sender<T: Send> = oneshot::Sender<T>;
    type Receiver<T: Send> = oneshot::Receiver<T>;

    fn pair<T: Send>() -> (Self::Sender<T>, Self::Receiver<T>) {
        oneshot::channel()
    }

    fn send<T: Send>(sender: Self::Sender<T>, value: T) {
        sender.send(value).expect("a receiver");
    }

    fn receive<T: Send>(receiver: Self::Receiver<T>) -> T {
        receiver.recv().expect("a value")
    }
}

fn main() -> std::process::ExitCode {
    let all: &[Workload] = &workloads_over_channels!(Oneshot,);
    bench(all)
}
