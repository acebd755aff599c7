//! rayon: tasks only. The results lie in a vector; the end of the scope collects them.

use contestants::{bench, result, share, timed};
use rayon::{Scope, ThreadPool, ThreadPoolBuilder};

fn spawn(effort: f64, name: &str, scope: impl Fn(&ThreadPool, &mut [usize])) {
    let two = ThreadPoolBuilder::new().num_threads(2).build().expect("threads");
    let work = |ops| {
        let mut results = vec![0; ops];
        scope(&two, &mut results);
        assert!(results.into_iter().eq(1..=ops), "results");
    };
    result(name, timed(effort, share(effort, 100_000), work));
}

fn spawn_each<'a>(scope: &Scope<'a>, results: &'a mut [usize]) {
    for (i, result) in results.iter_mut().enumerate() {
        scope.spawn(move |_| *result = i + 1);
    }
}

/// By a thread that is not one of the two.
fn outside(effort: f64) {
    spawn(effort, "spawn", |two, all| two.in_place_scope(|scope| spawn_each(scope, all)));
}

/// By one of the two.
fn inside(effort: f64) {
    spawn(effort, "spawn/inside", |two, all| two.scope(|scope| spawn_each(scope, all)));
}

fn main() -> std::process::ExitCode {
    bench(&[("spawn", 2, outside), ("spawn/inside", 2, inside)])
}
