//! What a path asks for.

use crate::source::{Form, Target};

/// A question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question<'a> {
    Container(Form, Target<'a>),
    Task(Form, Target<'a>, bool),
    ContainerStats(Form, Target<'a>),
    TaskStats(Form, Target<'a>),
    Associations(Form, Target<'a>),
    Association(Form, Target<'a>),
    /// Version of the path, and the id if there is one.
    Credentials(u8, Option<&'a str>),
    Protection(&'a str),
}

/// Reads a path that is clean; `None` for one that leads nowhere.
pub fn read<'a>(path: &'a str, query: Option<&'a str>) -> Option<Question<'a>> {
    let parts: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
    match *parts.as_slice() {
        ["v1", "credentials"] => {
            let pairs = query.into_iter().flat_map(|query| query.split('&'));
            let id = pairs
                .filter_map(|pair| pair.strip_prefix("id="))
                .find(|id| !id.is_empty());
            Some(Question::Credentials(1, id))
        }
        ["v2", "credentials"] => Some(Question::Credentials(2, None)),
        ["v2", "credentials", id] => Some(Question::Credentials(2, Some(id).filter(|id| !id.is_empty()))),
        ["v2", "metadata"] | ["v2", "metadata", ""] => Some(Question::Task(Form::V2, Target::Own, false)),
        ["v2", "metadataWithTags"] | ["v2", "metadataWithTags", ""] => {
            Some(Question::Task(Form::V2, Target::Own, true))
        }
        ["v2", "metadata", id] => Some(Question::Container(Form::V2, Target::Docker(id))),
        ["v2", "stats"] | ["v2", "stats", ""] => Some(Question::TaskStats(Form::V2, Target::Own)),
        ["v2", "stats", id] => Some(Question::ContainerStats(Form::V2, Target::Docker(id))),
        ["v3", id, ref rest @ ..] => below(Form::V3, Target::Endpoint(id), rest),
        ["v4", id, ref rest @ ..] => below(Form::V4, Target::Endpoint(id), rest),
        ["api", id, "task-protection", "v1", "state"] => Some(Question::Protection(id)),
        _ => None,
    }
}

fn below<'a>(form: Form, of: Target<'a>, rest: &[&str]) -> Option<Question<'a>> {
    match *rest {
        [] => Some(Question::Container(form, of)),
        ["task"] => Some(Question::Task(form, of, false)),
        ["taskWithTags"] => Some(Question::Task(form, of, true)),
        ["stats"] => Some(Question::ContainerStats(form, of)),
        ["task", "stats"] => Some(Question::TaskStats(form, of)),
        ["associations", _] => Some(Question::Associations(form, of)),
        ["associations", _, _] => Some(Question::Association(form, of)),
        _ => None,
    }
}

/// The path without empty parts, `.` and `..`; `None` when it was clean already.
pub fn cleaned(path: &str) -> Option<String> {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let mut clean = format!("/{}", parts.join("/"));
    if path.ends_with('/') && clean != "/" {
        clean.push('/');
    }
    (clean != path).then_some(clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_asks_for_one_thing() {
        let check = |path: &str, expected: Option<Question<'_>>| assert_eq!(read(path, None), expected, "{path}");
        let of = Target::Endpoint("x");
        check("/v4/x", Some(Question::Container(Form::V4, of)));
        check("/v3/x/task", Some(Question::Task(Form::V3, of, false)));
        check("/v4/x/taskWithTags", Some(Question::Task(Form::V4, of, true)));
        check("/v4/x/stats", Some(Question::ContainerStats(Form::V4, of)));
        check("/v4/x/task/stats", Some(Question::TaskStats(Form::V4, of)));
        check("/v4/x/associations/gpu", Some(Question::Associations(Form::V4, of)));
        check("/v2/metadata", Some(Question::Task(Form::V2, Target::Own, false)));
        check(
            "/v2/metadata/d",
            Some(Question::Container(Form::V2, Target::Docker("d"))),
        );
        check("/v2/stats/", Some(Question::TaskStats(Form::V2, Target::Own)));
        check("/v2/credentials/c", Some(Question::Credentials(2, Some("c"))));
        check("/v2/credentials/", Some(Question::Credentials(2, None)));
        check("/api/x/task-protection/v1/state", Some(Question::Protection("x")));
        for nowhere in [
            "/",
            "/v4",
            "/v4/x/tasks",
            "/v4/x/tasks/stats",
            "/v5/x",
            "/api/x",
            "/v1/credentials/c",
        ] {
            check(nowhere, None);
        }
        assert_eq!(
            read("/v1/credentials", Some("a=b&id=c")),
            Some(Question::Credentials(1, Some("c")))
        );
    }

    #[test]
    fn a_path_is_cleaned_as_go_does() {
        let check = |path: &str, expected: Option<&str>| assert_eq!(cleaned(path).as_deref(), expected, "{path}");
        check("/v4/x", None);
        check("/v2/metadata/", None);
        check("//v4//x", Some("/v4/x"));
        check("/v4/../v3/./x/", Some("/v3/x/"));
        check("/../..", Some("/"));
        check("", Some("/"));
    }
}
