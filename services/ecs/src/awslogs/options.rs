//! What the log configuration of a container asks for, and what of it ECS accepts.

use std::collections::BTreeMap;

use api_ecs::{ContainerDefinition, LogConfiguration, LogDriver};
use regex::bytes::Regex;
use roadstead_containers::LogMode;
use roadstead_core::Region;
use roadstead_kernel::Result;

use crate::error::client;
use crate::launch::Unsupported;
use crate::records::LogSink;

const REGION: &str = "awslogs-region";
const GROUP: &str = "awslogs-group";
const PREFIX: &str = "awslogs-stream-prefix";
const CREATE_GROUP: &str = "awslogs-create-group";
const DATETIME: &str = "awslogs-datetime-format";
const MULTILINE: &str = "awslogs-multiline-pattern";
const MODE: &str = "mode";
const BUFFER: &str = "max-buffer-size";
const KNOWN: [&str; 8] = [REGION, GROUP, PREFIX, CREATE_GROUP, DATETIME, MULTILINE, MODE, BUFFER];

/// The buffer of the mode `non-blocking`, in bytes, where a definition says nothing.
// AWS: documented; it was 1 MiB before June 2025.
const DEFAULT_BUFFER: usize = 10 << 20;
/// The least that the engine keeps of the output of a container whose lines may be dropped.
const KEPT: u64 = 64 << 20;

/// What to do with output that cannot be delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Keep it all.
    Blocking,
    /// Keep at most so many bytes, drop what comes beyond.
    NonBlocking(usize),
}

/// What a container asks of the driver `awslogs`.
#[derive(Clone, Debug)]
pub struct Config {
    /// The region of the group.
    pub region: Region,
    /// The log group.
    pub group: String,
    /// What the name of the stream begins with.
    pub prefix: Option<String>,
    /// Whether to make a group that is missing.
    pub create_group: bool,
    /// What the first line of an event looks like, where an event may have several.
    pub first_line: Option<Regex>,
    /// What to do with output that cannot be delivered.
    pub mode: Mode,
}

impl Config {
    /// Reads the configuration of a container; `None` with another driver, or without one.
    ///
    /// Errors: what is wrong with it.
    pub fn of(container: &ContainerDefinition) -> Result<Option<Self>, String> {
        let Some(given) = container.log_configuration.as_ref() else {
            return Ok(None);
        };
        if given.log_driver != LogDriver::Awslogs {
            return Ok(None);
        }
        let none = BTreeMap::new();
        let options = given.options.as_ref().unwrap_or(&none);
        let required = |name: &str| {
            options
                .get(name)
                .cloned()
                .ok_or_else(|| format!("must specify a value for log opt '{name}'"))
        };
        let region = required(REGION)?;
        let first_line = match (options.get(DATETIME), options.get(MULTILINE)) {
            (Some(_), Some(_)) => {
                return Err(format!(
                    "you cannot configure log opt '{DATETIME}' and '{MULTILINE}' at the same time"
                ));
            }
            (Some(format), None) => Some(datetime_pattern(format)),
            (None, pattern) => pattern.cloned(),
        };
        let first_line = first_line
            .map(|pattern| {
                Regex::new(&pattern).map_err(|_| format!("could not parse the pattern of first lines `{pattern}`"))
            })
            .transpose()?;
        Ok(Some(Self {
            region: Region::parse(&region).ok_or_else(|| format!("there is no region `{region}`"))?,
            group: required(GROUP)?,
            prefix: options.get(PREFIX).cloned(),
            create_group: options.get(CREATE_GROUP).is_some_and(|given| given == "true"),
            first_line,
            mode: mode(options)?,
        }))
    }

    /// The name of the stream of a container.
    // AWS: recorded with a prefix; without one the driver takes the engine's id.
    pub fn stream(&self, container: &str, task: &str, engine_id: &str) -> String {
        match &self.prefix {
            Some(prefix) => format!("{prefix}/{container}/{task}"),
            None => engine_id.to_owned(),
        }
    }
}

/// The mode and its buffer.
fn mode(options: &BTreeMap<String, String>) -> Result<Mode, String> {
    match options.get(MODE).map(String::as_str) {
        Some("blocking") => Ok(Mode::Blocking),
        // AWS: recorded; a definition that gives no mode runs as `non-blocking`.
        None | Some("non-blocking") => Ok(Mode::NonBlocking(match options.get(BUFFER) {
            Some(given) => size(given).ok_or_else(|| format!("`{given}` is no size for log opt '{BUFFER}'"))?,
            None => DEFAULT_BUFFER,
        })),
        Some(other) => Err(format!("`{other}` is no mode of log delivery")),
    }
}

/// Bytes from `1048576`, `25m`, `1GB` and the like.
fn size(text: &str) -> Option<usize> {
    let lower = text.trim().to_ascii_lowercase();
    let bare = lower.strip_suffix('b').unwrap_or(&lower);
    let (number, shift) = match bare.chars().last()? {
        'k' => (bare.strip_suffix('k')?, 10),
        'm' => (bare.strip_suffix('m')?, 20),
        'g' => (bare.strip_suffix('g')?, 30),
        _ => (bare, 0),
    };
    number.trim().parse::<usize>().ok()?.checked_mul(1 << shift)
}

/// The pattern of a time that is written in the format; what is no directive stands for itself, as a pattern.
// AWS: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specify-log-config.html>
fn datetime_pattern(format: &str) -> String {
    let mut pattern = String::new();
    let mut letters = format.chars();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            pattern.push(letter);
            continue;
        }
        pattern.push_str(match letters.next() {
            Some('a') => "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)",
            Some('A') => "(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day",
            Some('b') => "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)",
            Some('B') => "(?:January|February|March|April|May|June|July|August|September|October|November|December)",
            Some('w') => "[0-6]",
            Some('d') => "(?:0[1-9]|[12][0-9]|3[01])",
            Some('j') => "(?:00[1-9]|0[1-9][0-9]|[12][0-9]{2}|3[0-5][0-9]|36[0-6])",
            Some('y') => "[0-9]{2}",
            Some('Y') => "[0-9]{4}",
            Some('m' | 'I') => "(?:0[1-9]|1[0-2])",
            Some('H') => "(?:[01][0-9]|2[0-3])",
            Some('p') => "[AP]M",
            Some('M' | 'S') => "[0-5][0-9]",
            Some('L') => r"\.[0-9]{3}",
            Some('f') => "[0-9]{6}",
            Some('Z') => "[A-Z]{1,4}T",
            Some('z') => "[+-][0-9]{4}",
            Some('%') => "%",
            _ => "",
        });
    }
    pattern
}

/// Whether a container leaves it to its account whether lines may be dropped.
pub fn leaves_mode(container: &ContainerDefinition) -> bool {
    let given = container.log_configuration.as_ref();
    given.is_some_and(|given| {
        given.log_driver == LogDriver::Awslogs && !given.options.iter().flatten().any(|(name, _)| name == MODE)
    })
}

/// Checks the log configuration of a container definition.
///
/// Errors: `ClientException`.
pub fn check(container: &ContainerDefinition, fargate: bool) -> Result<()> {
    let Some(given) = container.log_configuration.as_ref() else {
        return Ok(());
    };
    let driver = given.log_driver.as_str();
    let offered = match &given.log_driver {
        LogDriver::Awslogs | LogDriver::Splunk | LogDriver::Awsfirelens => true,
        LogDriver::Other(_) => false,
        _ => !fargate,
    };
    if !offered {
        let kind = if fargate { "Fargate" } else { "ECS" };
        return Err(client(format!("{kind} does not support the log driver {driver}.")));
    }
    if given.log_driver != LogDriver::Awslogs {
        return Ok(());
    }
    let none = BTreeMap::new();
    let options = given.options.as_ref().unwrap_or(&none);
    let unknown: Vec<&str> = options
        .keys()
        .map(String::as_str)
        .filter(|name| !KNOWN.contains(name))
        .collect();
    if !unknown.is_empty() {
        return Err(client(format!(
            "Log driver awslogs disallows options: {}",
            unknown.join(", ")
        )));
    }
    let required = [(REGION, true), (GROUP, true), (PREFIX, fargate)];
    let missing = required
        .iter()
        .filter(|(name, wanted)| *wanted && !options.contains_key(*name));
    let missing: Vec<&str> = missing.map(|(name, _)| *name).collect();
    if !missing.is_empty() {
        return Err(client(format!(
            "Log driver awslogs requires options: {}",
            missing.join(", ")
        )));
    }
    if options.get(CREATE_GROUP).is_some_and(|given| given != "true") {
        return Err(client(format!(
            "Log driver awslogs option '{CREATE_GROUP}' should only be set to 'true', else omit option."
        )));
    }
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || "._-/#".contains(letter);
    if options
        .get(GROUP)
        .is_some_and(|group| group.is_empty() || !group.chars().all(allowed))
    {
        return Err(client(format!(
            "Log driver awslogs option '{GROUP}' contains invalid characters."
        )));
    }
    mode(options)
        .map(|_| ())
        .map_err(|why| client(format!("Log driver awslogs: {why}.")))
}

/// What the engine does with the output of a container.
///
/// Errors: what the configuration asks for and this version does not do.
pub fn log_mode(container: &ContainerDefinition) -> Result<LogMode, Unsupported> {
    let Some(given) = container.log_configuration.as_ref() else {
        return Ok(LogMode::Keep);
    };
    if given.secret_options.as_ref().is_some_and(|list| !list.is_empty()) {
        return Err("logConfiguration.secretOptions is not available".to_owned());
    }
    match &given.log_driver {
        LogDriver::Awslogs => Ok(match Config::of(container) {
            // Twice the buffer may be waiting: what was read, and what is being written meanwhile.
            Ok(Some(Config {
                mode: Mode::NonBlocking(buffer),
                ..
            })) => LogMode::KeepAtMost(u64::try_from(buffer).unwrap_or(u64::MAX).saturating_mul(4).max(KEPT)),
            _ => LogMode::Keep,
        }),
        LogDriver::JsonFile => json_file(given),
        other => Err(format!("the log driver {} is not available", other.as_str())),
    }
}

/// Files of the engine, which it may be told to bound.
fn json_file(given: &LogConfiguration) -> Result<LogMode, Unsupported> {
    let (mut size_each, mut files) = (None, 1);
    for (name, value) in given.options.iter().flatten() {
        let wrong = || format!("`{value}` is no value for the log option {name}");
        match name.as_str() {
            "max-size" => size_each = Some(size(value).ok_or_else(wrong)?),
            "max-file" => files = value.parse::<usize>().map_err(|_| wrong())?,
            _ => return Err(format!("the log option {name} is not available")),
        }
    }
    Ok(size_each.map_or(LogMode::Keep, |each| {
        LogMode::KeepAtMost(u64::try_from(each.saturating_mul(files)).unwrap_or(u64::MAX))
    }))
}

/// The log driver and its options as the metadata of a container shows them, with where its output goes (see
/// `ContainerRecord::log`); `None` without a log configuration.
// AWS: recorded; the stream's name stands in place of its prefix, and the mode is there in any case.
pub fn shown(container: &ContainerDefinition, sink: Option<&LogSink>) -> Option<(String, BTreeMap<String, String>)> {
    let given = container.log_configuration.as_ref()?;
    let mut options = given.options.clone().unwrap_or_default();
    if given.log_driver == LogDriver::Awslogs {
        if let Some(sink) = sink {
            options.remove(PREFIX);
            options.insert("awslogs-stream".to_owned(), sink.stream.clone());
        }
        let blocking = sink.is_some_and(|sink| sink.blocking);
        let mode = if blocking { "blocking" } else { "non-blocking" };
        options.entry(MODE.to_owned()).or_insert_with(|| mode.to_owned());
    }
    Some((given.log_driver.as_str().to_owned(), options))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn container(driver: LogDriver, options: &[(&str, &str)]) -> ContainerDefinition {
        let options = options
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        ContainerDefinition {
            log_configuration: Some(LogConfiguration {
                log_driver: driver,
                options: Some(options.collect()),
                secret_options: None,
            }),
            ..ContainerDefinition::default()
        }
    }

    fn awslogs(more: &[(&str, &str)]) -> ContainerDefinition {
        let usual = [(GROUP, "app"), (REGION, "us-east-1"), (PREFIX, "web")];
        container(LogDriver::Awslogs, &[&usual[..], more].concat())
    }

    fn refusal(container: &ContainerDefinition, fargate: bool) -> Option<String> {
        check(container, fargate)
            .err()
            .map(|fault| fault.api().unwrap().message.clone())
    }

    #[test]
    fn what_aws_refuses_is_refused_in_its_words() {
        let cases = [
            (
                awslogs(&[("log_key", "log")]),
                "Log driver awslogs disallows options: log_key",
            ),
            (
                container(LogDriver::Awslogs, &[(PREFIX, "x")]),
                "Log driver awslogs requires options: awslogs-region, awslogs-group",
            ),
            (
                awslogs(&[(CREATE_GROUP, "false")]),
                "Log driver awslogs option 'awslogs-create-group' should only be set to 'true', else omit option.",
            ),
            (
                awslogs(&[(GROUP, "a group")]),
                "Log driver awslogs option 'awslogs-group' contains invalid characters.",
            ),
        ];
        for (container, message) in cases {
            assert_eq!(refusal(&container, true).as_deref(), Some(message));
        }
        assert_eq!(refusal(&awslogs(&[(MODE, "blocking"), (MULTILINE, "^a")]), true), None);
    }

    #[test]
    fn fargate_has_fewer_drivers_than_instances_and_needs_a_prefix() {
        let both = [LogDriver::Splunk, LogDriver::Awsfirelens];
        let instances = [
            LogDriver::JsonFile,
            LogDriver::Syslog,
            LogDriver::Gelf,
            LogDriver::Fluentd,
            LogDriver::Journald,
        ];
        for driver in both {
            assert_eq!(refusal(&container(driver, &[]), true), None);
        }
        for driver in instances {
            assert!(refusal(&container(driver.clone(), &[]), true).is_some());
            assert_eq!(refusal(&container(driver, &[]), false), None);
        }
        for fargate in [true, false] {
            assert!(refusal(&container(LogDriver::Other("none".into()), &[]), fargate).is_some());
        }
        let bare = container(LogDriver::Awslogs, &[(GROUP, "app"), (REGION, "us-east-1")]);
        assert_eq!(
            refusal(&bare, true).unwrap(),
            "Log driver awslogs requires options: awslogs-stream-prefix"
        );
        assert_eq!(refusal(&bare, false), None);
    }

    #[test]
    fn sizes_and_modes_are_read() {
        let mode_of = |more: &[(&str, &str)]| Config::of(&awslogs(more)).map(|config| config.unwrap().mode);
        assert_eq!(mode_of(&[]), Ok(Mode::NonBlocking(10 << 20)));
        assert_eq!(mode_of(&[(MODE, "blocking")]), Ok(Mode::Blocking));
        for (text, bytes) in [("25m", 25 << 20), ("4KB", 4096), ("17", 17), ("1g", 1 << 30)] {
            assert_eq!(mode_of(&[(BUFFER, text)]), Ok(Mode::NonBlocking(bytes)), "{text}");
        }
        for wrong in [[(BUFFER, "much")], [(MODE, "lazy")], [(BUFFER, "99999999999999999g")]] {
            assert!(mode_of(&wrong).is_err());
            assert!(check(&awslogs(&wrong), true).is_err());
        }
    }

    #[test]
    fn a_stream_is_named_by_prefix_container_and_task_or_by_the_engines_id() {
        let config = Config::of(&awslogs(&[])).unwrap().unwrap();
        assert_eq!(config.stream("main", "0123", "abc"), "web/main/0123");
        let bare = container(LogDriver::Awslogs, &[(GROUP, "app"), (REGION, "us-east-1")]);
        assert_eq!(Config::of(&bare).unwrap().unwrap().stream("main", "0123", "abc"), "abc");
    }

    #[test]
    fn times_become_patterns_that_match_them() {
        let cases = [
            (
                "%Y-%m-%dT%H:%M:%S",
                "2026-11-24T09:59:07 started",
                "24.11.2026 09:59:07",
            ),
            (
                r"\[%b %d, %Y %I:%M:%S %p\]",
                "[Nov 24, 2026 09:59:07 AM]",
                "Nov 24, 2026 09:59:07 AM",
            ),
            (
                "%A %j %H:%M:%S%L %z",
                "Tuesday 328 10:00:00.123 +0100",
                "Tuesday 367 10:00:00.123 +0100",
            ),
            (
                "%a %w %y %B %f %Z%%",
                "Tue 2 26 November 123456 CEST%",
                "Tue 7 26 November 123456 CEST%",
            ),
        ];
        for (format, yes, no) in cases {
            let pattern = Regex::new(&datetime_pattern(format)).unwrap();
            assert!(pattern.is_match(yes.as_bytes()), "{format}");
            assert!(!pattern.is_match(no.as_bytes()), "{format}");
        }
    }

    #[test]
    fn wrong_configurations_are_told_before_the_container_starts() {
        for wrong in [
            &[(DATETIME, "%Y"), (MULTILINE, "^a")][..],
            &[(MULTILINE, "(")],
            &[(REGION, "nowhere")],
        ] {
            assert!(Config::of(&awslogs(wrong)).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn files_of_the_engine_may_be_bounded() {
        let file = |options: &[(&str, &str)]| log_mode(&container(LogDriver::JsonFile, options));
        assert_eq!(file(&[]), Ok(LogMode::Keep));
        assert_eq!(
            file(&[("max-size", "10m"), ("max-file", "3")]),
            Ok(LogMode::KeepAtMost(30 << 20))
        );
        assert!(file(&[("compress", "true")]).is_err());
        assert!(log_mode(&container(LogDriver::Syslog, &[])).is_err());
    }

    #[test]
    fn metadata_shows_the_stream_in_place_of_its_prefix() {
        let sink = LogSink {
            stream: "web/main/1".to_owned(),
            ..LogSink::default()
        };
        let (driver, options) = shown(&awslogs(&[]), Some(&sink)).unwrap();
        let expected = [
            ("awslogs-group", "app"),
            ("awslogs-region", "us-east-1"),
            ("awslogs-stream", "web/main/1"),
            ("mode", "non-blocking"),
        ];
        assert_eq!(driver, "awslogs");
        assert_eq!(
            options
                .iter()
                .map(|(k, v)| (k.as_str(), v.as_str()))
                .collect::<Vec<_>>(),
            expected
        );
    }
}
