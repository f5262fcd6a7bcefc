//! The sizes of tasks: CPU and memory in the notations that ECS takes, and those that Fargate offers.

/// CPU units from `256`, `.25 vCPU` and the like.
pub fn cpu_units(text: &str) -> Option<u32> {
    let lower = text.to_ascii_lowercase();
    match lower.strip_suffix("vcpu") {
        Some(number) => {
            let cpus: f64 = number.trim().parse().ok()?;
            let units = (cpus * 1024.0).round();
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "the range is checked here"
            )]
            (0.0..=1_000_000.0).contains(&units).then_some(units as u32)
        }
        None => lower.trim().parse().ok(),
    }
}

/// MiB from `512`, `1 GB`, `.5GB` and the like.
pub fn mebibytes(text: &str) -> Option<u32> {
    let lower = text.to_ascii_lowercase();
    match lower.strip_suffix("gb") {
        Some(number) => {
            let gib: f64 = number.trim().parse().ok()?;
            let mib = (gib * 1024.0).round();
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "the range is checked here"
            )]
            (0.0..=100_000_000.0).contains(&mib).then_some(mib as u32)
        }
        None => lower.trim().parse().ok(),
    }
}

/// Whether Fargate offers a size.
// AWS: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html>
pub(super) fn fargate_offers(cpu_units: u32, mib: u32) -> bool {
    let gib_between = |from: u32, to: u32, step: u32| {
        mib.is_multiple_of(1024) && (from..=to).contains(&(mib / 1024)) && (mib / 1024 - from).is_multiple_of(step)
    };
    match cpu_units {
        256 => matches!(mib, 512 | 1024 | 2048),
        512 => gib_between(1, 4, 1),
        1024 => gib_between(2, 8, 1),
        2048 => gib_between(4, 16, 1),
        4096 => gib_between(8, 30, 1),
        8192 => gib_between(16, 60, 4),
        16384 => gib_between(32, 120, 8),
        32768 => matches!(mib, 61_440 | 122_880 | 249_856),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_in_both_notations() {
        assert_eq!(cpu_units("256"), Some(256));
        assert_eq!(cpu_units(".25 vCPU"), Some(256));
        assert_eq!(mebibytes("1 GB"), Some(1024));
        assert_eq!(mebibytes("0.5GB"), Some(512));
        assert_eq!(mebibytes("much"), None);
    }

    #[test]
    fn fargate_offers_the_documented_sizes_alone() {
        let gib = |from: u32, to: u32, step: usize| (from..=to).step_by(step).map(|gib| gib * 1024).collect::<Vec<_>>();
        let offered = [
            (256, vec![512, 1024, 2048]),
            (512, gib(1, 4, 1)),
            (1024, gib(2, 8, 1)),
            (2048, gib(4, 16, 1)),
            (4096, gib(8, 30, 1)),
            (8192, gib(16, 60, 4)),
            (16384, gib(32, 120, 8)),
            (32768, vec![60 * 1024, 120 * 1024, 244 * 1024]),
        ];
        for (cpu, sizes) in &offered {
            for mib in (0..260 * 1024).step_by(256) {
                assert_eq!(fargate_offers(*cpu, mib), sizes.contains(&mib), "{cpu} CPU, {mib} MiB");
            }
        }
        assert!(!fargate_offers(128, 512) && !fargate_offers(300, 1024));
    }
}
