//! What a simulated container does, written in its image's name or its environment.

use std::time::Duration;

use super::names::signal_number;
use crate::{ContainerSpec, ImageError};

/// Environment variable with further words for one container, separated by commas: `health-after:5,exit:1-after-60`.
pub(super) const WORDS: &str = "SIMULATED";
/// Environment variable with lines that are written to standard output at the start.
pub(super) const STDOUT: &str = "SIMULATED_STDOUT";
/// Environment variable with lines that are written to standard error at the start.
pub(super) const STDERR: &str = "SIMULATED_STDERR";

/// What a simulated container does; the default runs until it is stopped and ends at once on SIGTERM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Behaviour {
    /// Fetching the image fails.
    pub pull_fails: Option<PullFailure>,
    /// Creating fails.
    pub create_fails: bool,
    /// Creating fails because the engine's disk is full.
    pub disk_full: bool,
    /// The signal that the image asks to be stopped with.
    pub stop_signal: Option<i32>,
    /// Starting fails.
    pub start_fails: bool,
    /// It ends by itself this long after its start, with this exit status.
    pub exits: Option<(Duration, i32)>,
    /// It is killed for lack of memory this long after its start.
    pub runs_out_of_memory: Option<Duration>,
    /// Its health becomes good this long after its start.
    pub healthy_after: Option<Duration>,
    /// Its health becomes bad this long after its start.
    pub unhealthy_after: Option<Duration>,
    /// It ignores SIGTERM and ends by SIGKILL only.
    pub stubborn: bool,
    /// Time from SIGTERM to its end.
    pub stop_takes: Duration,
}

/// How fetching a simulated image fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullFailure {
    /// No such repository or tag.
    NotFound,
    /// Other credentials are wanted.
    Unauthorized,
    /// No registry answers.
    Unreachable,
    /// The engine's disk is full.
    DiskFull,
}

/// What an engine says whose disk is full.
pub(super) const NO_SPACE: &str = "no space left on device";

impl PullFailure {
    pub(super) fn error(self, image: &str) -> ImageError {
        match self {
            Self::NotFound => ImageError::NotFound(format!(
                "Error response from daemon: manifest for {image} not found: manifest unknown: manifest unknown"
            )),
            Self::Unauthorized => ImageError::Unauthorized(format!(
                "Error response from daemon: pull access denied for {image}, repository does not exist or may require \
                 'docker login'"
            )),
            Self::DiskFull => ImageError::Other(format!(
                "Error response from daemon: failed to register layer: write /layer.tar: {NO_SPACE}"
            )),
            Self::Unreachable => ImageError::RegistryUnreachable(format!(
                "Error response from daemon: Get \"https://{image}\": dial tcp: connect: connection refused"
            )),
        }
    }
}

impl Behaviour {
    /// The behaviour that an image's name asks for; any name outside `simulated/` runs until it is stopped.
    ///
    /// `simulated/run`, `exit:CODE`, `exit:CODE-after-SECONDS`, `oom:SECONDS`, `fail-pull[:not-found|unauthorized|
    /// unreachable|disk-full]`, `fail-create`, `fail-start`, `disk-full`, `stop-signal:NAME`, `health-after:SECONDS`, `unhealthy-after:SECONDS`, `stubborn`,
    /// `slow-stop:SECONDS`. Seconds may have a fraction. What cannot be read is an error, not a container that runs.
    pub fn of_image(image: &str) -> Result<Self, String> {
        let mut behaviour = Self::default();
        if let Some(word) = image.strip_prefix("simulated/") {
            behaviour.add(word)?;
        }
        Ok(behaviour)
    }

    /// Adds the words of the environment variable `SIMULATED` of one container.
    pub(super) fn with_environment(mut self, spec: &ContainerSpec) -> Result<Self, String> {
        let words = spec.env.iter().rfind(|(name, _)| name == WORDS);
        for word in words.iter().flat_map(|(_, words)| words.split(',')) {
            self.add(word.trim())?;
        }
        Ok(self)
    }

    fn add(&mut self, word: &str) -> Result<(), String> {
        let wrong = || format!("`{word}` is nothing that a simulated container can do");
        let (verb, argument) = word
            .split_once(':')
            .map_or((word, None), |(verb, argument)| (verb, Some(argument)));
        let time = || argument.and_then(seconds).ok_or_else(wrong);
        match (verb, argument) {
            // A tag that says nothing is allowed on what takes no argument: `simulated/run:v2`.
            ("run", _) => {}
            ("stubborn", _) => self.stubborn = true,
            ("fail-create", _) => self.create_fails = true,
            ("disk-full", _) => self.disk_full = true,
            ("stop-signal", Some(name)) => self.stop_signal = Some(signal_number(name).ok_or_else(wrong)?),
            ("fail-start", _) => self.start_fails = true,
            ("fail-pull", kind) => {
                self.pull_fails = Some(match kind {
                    None | Some("not-found" | "latest") => PullFailure::NotFound,
                    Some("unauthorized") => PullFailure::Unauthorized,
                    Some("disk-full") => PullFailure::DiskFull,
                    Some("unreachable") => PullFailure::Unreachable,
                    Some(_) => return Err(wrong()),
                });
            }
            ("exit", Some(argument)) => {
                let (code, after) = argument.split_once("-after-").unwrap_or((argument, "0"));
                let code = code.parse().map_err(|_| wrong())?;
                self.exits = Some((seconds(after).ok_or_else(wrong)?, code));
            }
            ("oom", _) => self.runs_out_of_memory = Some(time()?),
            ("health-after", _) => self.healthy_after = Some(time()?),
            ("unhealthy-after", _) => self.unhealthy_after = Some(time()?),
            ("slow-stop", _) => self.stop_takes = time()?,
            _ => return Err(wrong()),
        }
        Ok(())
    }
}

fn seconds(text: &str) -> Option<Duration> {
    text.parse()
        .ok()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_name_says_what_its_containers_do() {
        let default = Behaviour::default();
        let seconds = Duration::from_secs;
        let cases = [
            ("nginx:1", default),
            ("simulated/run:v2", default),
            (
                "simulated/exit:7",
                Behaviour {
                    exits: Some((seconds(0), 7)),
                    ..default
                },
            ),
            (
                "simulated/exit:1-after-60",
                Behaviour {
                    exits: Some((seconds(60), 1)),
                    ..default
                },
            ),
            (
                "simulated/health-after:5",
                Behaviour {
                    healthy_after: Some(seconds(5)),
                    ..default
                },
            ),
            (
                "simulated/fail-pull",
                Behaviour {
                    pull_fails: Some(PullFailure::NotFound),
                    ..default
                },
            ),
        ];
        for (image, expected) in cases {
            assert_eq!(Behaviour::of_image(image), Ok(expected), "{image}");
        }
        for image in [
            "simulated/",
            "simulated/exit",
            "simulated/exit:x",
            "simulated/oom:-1",
            "simulated/dance",
        ] {
            assert!(Behaviour::of_image(image).is_err(), "{image}");
        }
    }

    #[test]
    fn the_environment_adds_to_the_image() {
        let spec = ContainerSpec {
            env: vec![(WORDS.to_owned(), "health-after:2, exit:3-after-9".to_owned())],
            ..ContainerSpec::default()
        };
        let seen = Behaviour::of_image("simulated/stubborn")
            .unwrap()
            .with_environment(&spec)
            .unwrap();
        let expected = Behaviour {
            stubborn: true,
            healthy_after: Some(Duration::from_secs(2)),
            exits: Some((Duration::from_secs(9), 3)),
            ..Behaviour::default()
        };
        assert_eq!(seen, expected);
    }
}
