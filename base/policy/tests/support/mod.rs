//! Cases of `policy-corpus.jsonl`, made ready for both evaluators.

use std::sync::Arc;

use roadstead_policy::reference::{self, Documents, ResourceRules};
use roadstead_policy::{
    Action, Decision, Document, Level, MapContext, Outcome, PolicyLabel, PolicySet, PolicyType, Principal, Program,
    Request, Resource, ResourcePolicy, ResourceSide, evaluate,
};
use serde_json::Value;

/// A document compiled under a name that tells its type and place.
pub fn program(document: &Document, policy_type: PolicyType) -> Arc<Program> {
    Arc::new(Program::compile(document, PolicyLabel::new(policy_type, format!("{policy_type:?}"))))
}

/// Everything that governs a request, compiled.
#[derive(Default)]
pub struct Compiled {
    pub policies: PolicySet,
    pub rcps: Vec<Level>,
    pub resource: Option<(Arc<Program>, ResourceRules)>,
    pub endpoint: Option<Arc<Program>>,
}

impl Compiled {
    /// Compiles all documents.
    pub fn new(documents: &Documents) -> Self {
        let all = |documents: &[Document], kind| documents.iter().map(|document| program(document, kind)).collect();
        let levels = |levels: &[Vec<Document>], kind| levels.iter().map(|level| all(level, kind)).collect();
        let policies = PolicySet {
            identity: all(&documents.identity, PolicyType::Identity),
            boundary: documents.boundary.as_ref().map(|document| program(document, PolicyType::Boundary)),
            session: documents.session.as_ref().map(|documents| all(documents, PolicyType::Session)),
            scps: levels(&documents.scps, PolicyType::Scp),
        };
        let resource = documents.resource.as_ref().map(|(document, rules)| {
            let trust = matches!(rules, ResourceRules::Trust(_));
            (program(document, if trust { PolicyType::Trust } else { PolicyType::Resource }), *rules)
        });
        let endpoint = documents.endpoint.as_ref().map(|document| program(document, PolicyType::Endpoint));
        Self { policies, rcps: levels(&documents.rcps, PolicyType::Rcp), resource, endpoint }
    }

    /// The resource's side.
    pub fn side(&self) -> ResourceSide<'_> {
        let policy = match &self.resource {
            None => ResourcePolicy::Absent,
            Some((program, ResourceRules::Ordinary)) => ResourcePolicy::Resource(program),
            Some((program, ResourceRules::Key)) => ResourcePolicy::Key(program),
            Some((program, ResourceRules::Trust(service_linked))) => {
                ResourcePolicy::Trust { program, service_linked: *service_linked }
            }
        };
        ResourceSide { policy, rcps: &self.rcps, endpoint: self.endpoint.as_deref() }
    }

    /// Decides with the compiled engine.
    pub fn decide(&self, request: &Request<'_>) -> Decision<'_> {
        evaluate(&self.policies, &self.side(), request)
    }
}

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
        let compiled = Compiled::new(&self.documents);
        let decision = compiled.decide(&request);
        let denying = decision.policy_type.filter(|_| !decision.is_allowed());
        [(decision.outcome, denying), reference::evaluate(&self.documents, &request)]
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
    let list = |value: &Value| value.as_array().map(|list| list.iter().map(document).collect::<Vec<_>>());
    let levels = |value: &Value| value.as_array().into_iter().flatten().map(|level| list(level).unwrap()).collect();
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
