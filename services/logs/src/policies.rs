//! Resource policies: they let services of AWS, in their own name, write to the log groups of an account.

use std::sync::Arc;

use roadstead_core::arn::Place;
use roadstead_kernel::{Fault, Needs, Result};
use roadstead_policy::{Document, PolicyLabel, PolicyType, Program};
use serde_json::{Value, json};

use crate::{Logs, scope};

impl Logs {
    /// Adds what the account's resource policies allow to needs on its groups and streams.
    pub(crate) async fn with_policies(&self, place: Place, needs: Needs) -> Result<Needs> {
        let all = self.policies.list_all(scope(&place)).await?;
        if all.is_empty() {
            return Ok(needs);
        }
        let mut statements = Vec::new();
        for policy in all {
            let mut document: Value = serde_json::from_str(&policy.record.document).map_err(Fault::internal)?;
            match document.get_mut("Statement").map(Value::take) {
                Some(Value::Array(some)) => statements.extend(some),
                one => statements.extend(one),
            }
        }
        // A statement's id is unique within its own document only.
        for (at, statement) in statements.iter_mut().enumerate() {
            if let Some(members) = statement.as_object_mut() {
                members.insert("Sid".to_owned(), json!(format!("Statement{at}")));
            }
        }
        let joined = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
        let document = Document::parse(&joined).map_err(Fault::internal)?;
        let label = PolicyLabel::new(PolicyType::Resource, "resource policies of log groups");
        Ok(needs.resource_policy(Arc::new(Program::compile(&document, label))))
    }
}
