// Tokio's single-threaded runtime in the comparison; the figures and their sizes are those of measure.hpp.
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, Mutex, Semaphore};
use tokio::task::{spawn_blocking, yield_now, JoinHandle};

const SPAWNS: usize = 1_000_000;
const BATCH: usize = 1_000;
const SWITCHES: usize = 4_000_000;
const CONTENDERS: usize = 100;
const TURNS: usize = 10_000;
const ITEMS: usize = 2_000_000;
const PARKED: usize = 100_000;
const OFFLOADS: usize = 20_000;

/// CPU nanoseconds of this process, all threads.
fn cpu() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut now) };
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

fn each(began: u64, count: usize) -> f64 {
    (cpu() - began) as f64 / count as f64
}

/// Keeps the compiler from leaving out what made the number.
fn consume(number: u64) {
    unsafe { std::ptr::read_volatile(&number) };
}

fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

async fn join(all: Vec<JoinHandle<()>>) {
    for handle in all {
        handle.await.unwrap();
    }
}

async fn yields(count: usize) {
    for _ in 0..count {
        yield_now().await;
    }
}

async fn spawn() -> f64 {
    let began = cpu();
    for _ in 0..SPAWNS / BATCH {
        join((0..BATCH).map(|_| tokio::spawn(async {})).collect()).await;
    }
    each(began, SPAWNS)
}

async fn yielding(tasks: usize, all: usize) -> f64 {
    let began = cpu();
    join((0..tasks).map(|_| tokio::spawn(yields(all / tasks))).collect()).await;
    each(began, all)
}

async fn lock() -> f64 {
    let mutex = Arc::new(Mutex::new(()));
    let began = cpu();
    let contender = |mutex: Arc<Mutex<()>>| async move {
        for _ in 0..TURNS {
            let _guard = mutex.lock().await;
            yield_now().await;
        }
    };
    join((0..CONTENDERS).map(|_| tokio::spawn(contender(mutex.clone()))).collect()).await;
    each(began, CONTENDERS * TURNS)
}

async fn semaphore() -> f64 {
    let limit = Arc::new(Semaphore::new(10));
    let began = cpu();
    let contender = |limit: Arc<Semaphore>| async move {
        for _ in 0..TURNS {
            let _permit = limit.acquire().await.unwrap();
            yield_now().await;
        }
    };
    join((0..CONTENDERS).map(|_| tokio::spawn(contender(limit.clone()))).collect()).await;
    each(began, CONTENDERS * TURNS)
}

async fn queueing(capacity: usize) -> f64 {
    let (sender, mut receiver) = mpsc::channel::<u64>(capacity);
    let began = cpu();
    let producer = tokio::spawn(async move {
        for i in 0..ITEMS {
            sender.send(i as u64).await.unwrap();
        }
    });
    let consumer = tokio::spawn(async move {
        let mut sum = 0;
        while let Some(item) = receiver.recv().await {
            sum += item;
        }
        consume(sum);
    });
    join(vec![producer, consumer]).await;
    each(began, ITEMS)
}

async fn memory() -> f64 {
    let before = resident();
    let mut all = Vec::with_capacity(PARKED);
    for _ in 0..PARKED {
        all.push(tokio::spawn(tokio::time::sleep(Duration::from_secs(3600))));
    }
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    (resident() - before) as f64 / PARKED as f64
}

async fn offload_1() -> f64 {
    let mut samples = Vec::with_capacity(OFFLOADS);
    for i in 0..OFFLOADS {
        let began = Instant::now();
        consume(spawn_blocking(move || i).await.unwrap() as u64);
        samples.push(began.elapsed().as_nanos());
    }
    samples.sort_unstable();
    samples[OFFLOADS / 2] as f64
}

async fn offload_1000() -> f64 {
    let began = cpu();
    let worker = || async {
        for i in 0..200 {
            consume(spawn_blocking(move || i).await.unwrap() as u64);
        }
    };
    join((0..1000).map(|_| tokio::spawn(worker())).collect()).await;
    each(began, 200_000)
}

fn main() {
    for name in std::env::args().skip(1) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(4).build().unwrap();
        let ns = runtime.block_on(async {
            match name.as_str() {
                "spawn" => spawn().await,
                "switch_2" => yielding(2, SWITCHES).await,
                "switch_1000" => yielding(1000, SWITCHES).await,
                "gather_10k" => yielding(10_000, 10_000).await,
                "gather_100k" => yielding(100_000, 100_000).await,
                "lock" => lock().await,
                "semaphore" => semaphore().await,
                "queue_1" => queueing(1).await,
                "queue_1024" => queueing(1024).await,
                "memory" => memory().await,
                "offload_1" => offload_1().await,
                "offload_1000" => offload_1000().await,
                _ => return None::<f64>,
            }
            .into()
        });
        if let Some(ns) = ns {
            println!("{name} {ns:.3}");
        }
        runtime.shutdown_background();
    }
}
