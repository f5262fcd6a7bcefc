//! The message that `sts:DecodeAuthorizationMessage` gives: what EC2 tells, encoded, when it refuses.

use crate::decide::{Decision, Outcome};
use crate::document::Effect;
use crate::json::write_text;
use crate::key::Key;
use crate::print::Members;
use crate::program::Statement;
use crate::request::Request;

/// The JSON text of the decoded authorization message.
///
/// `caller_id` is the caller's unique id (`aws:userid`), `caller_name` his name, if he has one. `keys` are the names
/// of the context keys to show, in order; those the request does not have are left out.
///
/// Members and order are AWS's as far as they are known from examples: `allowed`, `explicitDeny`, `matchedStatements`,
/// `failures`, `context`.
pub fn authorization_message(
    decision: &Decision<'_>,
    request: &Request<'_>,
    caller_id: &str,
    caller_name: Option<&str>,
    keys: &[&str],
) -> String {
    let mut out = String::with_capacity(512);
    let mut message = Members::new(&mut out);
    flag(message.member("allowed"), decision.is_allowed());
    flag(
        message.member("explicitDeny"),
        decision.outcome == Outcome::ExplicitDeny,
    );
    let matched = decision.statement.filter(|_| decision.outcome == Outcome::ExplicitDeny);
    items(message.member("matchedStatements"), matched, |out, matched| {
        if let Some(statement) = matched.program.statements.get(matched.index as usize) {
            statement_json(out, matched.program, statement, matched.sid().unwrap_or_default());
        }
    });
    items(message.member("failures"), None::<()>, |_, ()| {});
    let mut context = Members::new(message.member("context"));
    let mut principal = Members::new(context.member("principal"));
    write_text(principal.member("id"), caller_id);
    if let Some(name) = caller_name {
        write_text(principal.member("name"), name);
    }
    write_text(principal.member("arn"), request.principal.name());
    principal.end();
    write_text(context.member("action"), request.action.name);
    write_text(context.member("resource"), request.resource.text());
    let conditions = keys.iter().filter_map(|key| {
        let values = request.context.get(Key::parse(key))?.texts();
        Some((*key, values))
    });
    items(context.member("conditions"), conditions, |out, (key, values)| {
        condition_json(out, key, &values);
    });
    context.end();
    message.end();
    out
}

fn statement_json(out: &mut String, program: &crate::Program, statement: &Statement, sid: &str) {
    let mut members = Members::new(out);
    write_text(members.member("statementId"), sid);
    let effect = if statement.effect == Effect::Deny {
        "DENY"
    } else {
        "ALLOW"
    };
    write_text(members.member("effect"), effect);
    let principals = program.written_principals(statement).into_iter().map(|(_, name)| name);
    items(members.member("principals"), principals, value_json);
    items(members.member("principalGroups"), None::<()>, |_, ()| {});
    let name = if statement.not_action { "notActions" } else { "actions" };
    items(members.member(name), program.written_actions(statement), value_json);
    let name = if statement.not_resource {
        "notResources"
    } else {
        "resources"
    };
    items(members.member(name), program.written_resources(statement), value_json);
    let conditions = statement.conditions.of(&program.conditions).iter();
    let conditions = conditions.map(|condition| program.written_condition(condition));
    items(members.member("conditions"), conditions, |out, (_, key, values)| {
        condition_json(out, &key, &values);
    });
    members.end();
}

fn condition_json(out: &mut String, key: &str, values: &[String]) {
    let mut members = Members::new(out);
    write_text(members.member("key"), key);
    items(members.member("values"), values, value_json);
    members.end();
}

fn value_json(out: &mut String, value: impl AsRef<str>) {
    let mut members = Members::new(out);
    write_text(members.member("value"), value.as_ref());
    members.end();
}

fn flag(out: &mut String, value: bool) {
    out.push_str(if value { "true" } else { "false" });
}

/// `{"items":[…]}`.
fn items<T>(out: &mut String, items: impl IntoIterator<Item = T>, write: impl Fn(&mut String, T)) {
    let mut members = Members::new(out);
    let list = members.member("items");
    list.push('[');
    for (at, item) in items.into_iter().enumerate() {
        if at > 0 {
            list.push(',');
        }
        write(list, item);
    }
    list.push(']');
    members.end();
}
