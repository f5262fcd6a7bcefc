//! EC2 tells its lists as sets of items, and of every call that it was answered.
//!
//! Recorded of CreateNetworkInterface and DeleteNetworkInterface only; the sets of other operations keep the model's form.

use roadstead_kernel::audit::Record;
use serde_json::{Map, Value, json};

/// `requestParameters` of an operation.
pub fn parameters(operation: &str, told: Value) -> Value {
    match (operation, told) {
        ("CreateNetworkInterface", Value::Object(mut members)) => {
            let groups = taken(&mut members, "groups")
                .into_iter()
                .map(|id| json!({ "groupId": id }))
                .collect();
            members.insert("groupSet".to_owned(), set("items", groups));
            let addresses = taken(&mut members, "privateIpAddresses");
            members.insert("privateIpAddressesSet".to_owned(), set("item", addresses));
            Value::Object(members)
        }
        (_, told) => told,
    }
}

/// `responseElements` of an operation.
pub fn response(record: &Record, told: Value) -> Value {
    let Value::Object(members) = told else { return told };
    let mut answered = Map::new();
    answered.insert("requestId".to_owned(), Value::from(record.request_id.as_str()));
    // A call without a result answers that it was done.
    if members.is_empty() {
        answered.insert("_return".to_owned(), Value::Bool(true));
    }
    for (name, value) in members {
        match name.as_str() {
            "return" => answered.insert("_return".to_owned(), value),
            "clientToken" if record.operation == "CreateNetworkInterface" => None,
            "networkInterface" => answered.insert(name, interface(value)),
            _ => answered.insert(name, value),
        };
    }
    Value::Object(answered)
}

fn interface(told: Value) -> Value {
    let Value::Object(mut members) = told else { return told };
    let sets = [
        ("groups", "groupSet", "items"),
        ("privateIpAddresses", "privateIpAddressesSet", "item"),
        ("ipv6Addresses", "ipv6AddressesSet", "item"),
        ("tagSet", "tagSet", "items"),
    ];
    for (member, name, each) in sets {
        let items = taken(&mut members, member);
        members.insert(name.to_owned(), set(each, items));
    }
    // AWS: recorded; what is always false and what says nothing is not told.
    if let Some(Value::Object(operator)) = members.get_mut("operator") {
        operator.remove("hiddenByDefault");
    }
    members.retain(|_, value| value.as_str() != Some(""));
    Value::Object(members)
}

/// The elements of a list that is told in another form.
fn taken(members: &mut Map<String, Value>, name: &str) -> Vec<Value> {
    match members.remove(name) {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    }
}

/// A set: an object without members when it is empty.
fn set(each: &str, items: Vec<Value>) -> Value {
    let named = (!items.is_empty()).then(|| (each.to_owned(), Value::Array(items)));
    Value::Object(named.into_iter().collect())
}
