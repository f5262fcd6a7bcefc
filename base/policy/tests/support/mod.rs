//! Cases of `policy-corpus.jsonl`, made ready for both evaluators.

use roadstead_policy::reference::{self, Documents, ResourceRules};
use roadstead_policy::{Action, Document, MapContext, Outcome, PolicyType, Principal, Request, Resource};
use serde_json::Value;

/// A case of the corpus.
pub struct Case {
    pub id: String,
    pub family: String,
    pub principal: Principal,
    pub action: String,
    pub resource: String,
    pub resource_account: String,
    pub context: MapContext,
    pub documents: Documents,
    pub expected: Outcome,
}

/// Reads the corpus.
pub fn corpus() -> Vec<Case> {
    include_str!("../data/policy-corpus.jsonl").lines().map(case).collect()
}

impl Case {
    /// Asks both evaluators; the outcomes and, where they deny, the types of policy that do.
    pub fn outcomes(&self) -> [(Outcome, Option<PolicyType>); 2] {
        let request = Request {
            principal: &self.principal,
            action: Action::named(&self.action),
            resource: Resource::new(&self.resource),
            resource_account: Some(&self.resource_account),
            context: &self.context,
        };
        let compiled = self.documents.compile();
        let decision = compiled.decide(&request);
        let denying = decision.policy_type.filter(|_| !decision.is_allowed());
        [
            (decision.outcome, denying),
            reference::evaluate(&self.documents, &request),
        ]
    }
}

fn case(line: &str) -> Case {
    let value: Value = serde_json::from_str(line).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let request = &value["request"];
    let name = text(&request["principal"]);
    let role = request["role"].as_str();
    let linked = role.is_some_and(|role| role.contains(":role/aws-service-role/"));
    let principal = match request["principalType"].as_str().unwrap() {
        "user" => Principal::user(name),
        "root" => Principal::root(name),
        "service" => Principal::service(name),
        "role" => Principal::role(&name, linked),
        "federated-session" => Principal::federated_session(name, None),
        "role-session" if linked => Principal::service_linked_session(name, role.unwrap()),
        "role-session" => Principal::role_session(name, role.unwrap()),
        other => panic!("unknown principal type {other}"),
    };
    let mut context = MapContext::new();
    for (key, value) in value["context"].as_object().unwrap() {
        match value {
            Value::Array(values) => context.set_list(key, values.iter().map(text).collect()),
            value => context.set(key, text(value)),
        }
    }
    let policies = &value["policies"];
    let list = |value: &Value| {
        value
            .as_array()
            .map(|list| list.iter().map(document).collect::<Vec<_>>())
    };
    let levels = |value: &Value| {
        value
            .as_array()
            .into_iter()
            .flatten()
            .map(|level| list(level).unwrap())
            .collect()
    };
    let one = |value: &Value| (!value.is_null()).then(|| document(value));
    let resource = text(&request["resource"]);
    let target_linked = resource.contains(":role/aws-service-role/");
    let documents = Documents {
        identity: list(&policies["identity"]).unwrap_or_default(),
        boundary: joined(&policies["boundary"]).map(|document| self::document(&document)),
        session: one(&policies["session"]).map(|document| vec![document]),
        scps: levels(&policies["scp"]),
        rcps: levels(&policies["rcp"]),
        resource: one(&policies["resource"])
            .map(|document| (document, ResourceRules::Ordinary))
            .or_else(|| one(&policies["trust"]).map(|document| (document, ResourceRules::Trust(target_linked)))),
        endpoint: None,
    };
    let expected = match value["expected"].as_str().unwrap() {
        "allow" => Outcome::Allow,
        "implicitDeny" => Outcome::ImplicitDeny,
        "explicitDeny" => Outcome::ExplicitDeny,
        other => panic!("unknown outcome {other}"),
    };
    Case {
        id: text(&value["id"]),
        family: text(&value["family"]),
        principal,
        action: text(&request["action"]),
        resource,
        resource_account: text(&request["resourceAccount"]),
        context,
        documents,
        expected,
    }
}

fn document(value: &Value) -> Document {
    Document::parse(&value.to_string()).unwrap()
}

/// A principal has one boundary; the corpus writes one of several statements as several documents.
fn joined(documents: &Value) -> Option<Value> {
    let mut statements = Vec::new();
    for document in documents.as_array()? {
        assert_eq!(document["Version"], "2012-10-17");
        statements.extend(document["Statement"].as_array().unwrap().iter().cloned());
    }
    Some(serde_json::json!({"Version": "2012-10-17", "Statement": statements}))
}
