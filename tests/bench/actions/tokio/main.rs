// spawn_tokio RUNS AT_A_TIME PROGRAM: the same by tokio::process, on its single-threaded runtime. Prints how many seconds
// it took.
use std::cell::Cell;
use std::process::Stdio;
use std::rc::Rc;
use std::time::Instant;
use tokio::process::Command;
use tokio::task::LocalSet;

async fn worker(left: Rc<Cell<i64>>, printed: Rc<Cell<usize>>, program: String) {
    while left.get() > 0 {
        left.set(left.get() - 1);
        let output = Command::new(&program).stdin(Stdio::null()).output().await.expect("spawn");
        assert!(output.status.success());
        printed.set(printed.get() + output.stdout.len() + output.stderr.len());
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let runs: i64 = arguments[1].parse().unwrap();
    let at_a_time: usize = arguments[2].parse().unwrap();
    let left = Rc::new(Cell::new(runs));
    let printed = Rc::new(Cell::new(0));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let tasks = LocalSet::new();
    let began = Instant::now();
    tasks.block_on(&runtime, async {
        let all: Vec<_> = (0..at_a_time)
            .map(|_| tokio::task::spawn_local(worker(left.clone(), printed.clone(), arguments[3].clone())))
            .collect();
        for one in all {
            one.await.unwrap();
        }
    });
    let took = began.elapsed();
    assert_eq!(printed.get() as i64, 3 * runs);
    println!("{:.6}", took.as_secs_f64());
}
