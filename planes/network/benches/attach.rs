//! How long it takes to attach an interface to a namespace, and to remove it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a program that measures may stop at the first error"
)]

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("SKIPPED attach: not Linux");
}

#[cfg(target_os = "linux")]
fn main() {
    linux::main();
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::File;
    use std::time::{Duration, Instant};

    use nix::sched::{CloneFlags, unshare};
    use roadstead_network::{EniSpec, Kernel, Net, NetworkNamespace};

    const RUNS: u8 = 200;

    pub fn main() {
        // A host of its own, so that the machine's network stays as it is.
        if let Err(error) = unshare(CloneFlags::CLONE_NEWNET) {
            println!("SKIPPED attach: no network namespace can be made: {error}");
            return;
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(measure());
    }

    async fn measure() {
        let kernel = Kernel::new("bench").unwrap();
        let mut attached = Vec::new();
        let mut detached = Vec::new();
        let mut tasks = Vec::new();
        for number in 0..RUNS {
            let task: File = std::thread::spawn(|| {
                unshare(CloneFlags::CLONE_NEWNET).unwrap();
                File::open("/proc/thread-self/ns/net").unwrap()
            })
            .join()
            .unwrap();
            let eni = EniSpec {
                id: format!("eni-0{number:016x}"),
                mac: format!("02:00:00:00:00:{number:02x}").parse().unwrap(),
                address: [10, 9, 1, number + 4].into(),
                subnet: "10.9.1.0/24".parse().unwrap(),
                vpc: None,
                host_addresses: vec![[10, 9, 0, 2].into()],
                groups: vec!["sg-00000000000000001".to_owned()],
            };
            let id = eni.id.clone();
            let namespace = NetworkNamespace::Open(task.try_clone().unwrap().into());
            let begun = Instant::now();
            kernel.attach(eni, namespace).await.unwrap();
            attached.push(begun.elapsed());
            tasks.push((task, id));
        }
        for (_, id) in &tasks {
            let begun = Instant::now();
            kernel.detach(id).await.unwrap();
            detached.push(begun.elapsed());
        }
        for (what, mut times) in [("attach", attached), ("detach", detached)] {
            times.sort();
            let at = |index: usize| times.get(index).copied().unwrap_or(Duration::ZERO);
            println!(
                "{what}: min {:?}, p50 {:?}, max {:?} of {}",
                at(0),
                at(times.len() / 2),
                at(times.len() - 1),
                times.len()
            );
        }
    }
}
