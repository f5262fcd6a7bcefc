//! Every action of AWS by name, and which services a policy lets somebody use.
//!
//! 456 services with their actions, compressed in the binary; unpacked for a report and dropped after it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;

use flate2::read::DeflateDecoder;
use roadstead_kernel::{Fault, Result};
use roadstead_policy::{Document, Effect, Statement};

/// One service a line, sorted by prefix: prefix, name, actions with commas between.
static PACKED: &[u8] = include_bytes!("../data/actions.deflate");

/// Access Advisor's own names for services, where they differ from those of the service reference.
static NAMES: [(&str, &str); 50] = [
    ("access-analyzer", "AWS IAM Access Analyzer"),
    ("acm", "AWS Certificate Manager"),
    ("acm-pca", "AWS Private Certificate Authority"),
    ("apigateway", "Manage - Amazon API Gateway"),
    ("application-autoscaling", "AWS Application Auto Scaling"),
    ("appmesh", "AWS App Mesh"),
    ("autoscaling", "Amazon EC2 Auto Scaling"),
    ("autoscaling-plans", "AWS Auto Scaling"),
    ("batch", "AWS Batch"),
    ("cloudformation", "AWS CloudFormation"),
    ("cloudtrail", "AWS CloudTrail"),
    ("cloudwatch", "Amazon CloudWatch"),
    ("codedeploy", "AWS CodeDeploy"),
    ("config", "AWS Config"),
    ("dynamodb", "Amazon DynamoDB"),
    ("ebs", "Amazon Elastic Block Store"),
    ("ec2", "Amazon EC2"),
    ("ec2messages", "Amazon Message Delivery Service"),
    ("ecr", "Amazon Elastic Container Registry"),
    ("ecs", "Amazon Elastic Container Service"),
    ("elasticfilesystem", "Amazon Elastic File System"),
    ("elasticloadbalancing", "Elastic Load Balancing"),
    ("events", "Amazon EventBridge"),
    ("execute-api", "Amazon API Gateway"),
    ("firehose", "Amazon Kinesis Firehose"),
    ("fis", "AWS Fault Injection Service"),
    ("iam", "AWS Identity and Access Management"),
    ("kms", "AWS Key Management Service"),
    ("lambda", "AWS Lambda"),
    ("logs", "Amazon CloudWatch Logs"),
    ("organizations", "AWS Organizations"),
    ("rds", "Amazon RDS"),
    ("resource-groups", "AWS Resource Groups"),
    ("route53", "Amazon Route 53"),
    ("route53resolver", "Amazon Route 53 Resolver"),
    ("s3", "Amazon S3"),
    ("scheduler", "Amazon EventBridge Scheduler"),
    ("secretsmanager", "AWS Secrets Manager"),
    ("servicediscovery", "AWS Cloud Map"),
    ("servicequotas", "Service Quotas"),
    ("sns", "Amazon SNS"),
    ("sqs", "Amazon SQS"),
    ("ssm", "AWS Systems Manager"),
    ("ssmmessages", "Amazon Message Gateway Service"),
    ("sso", "AWS IAM Identity Center"),
    ("states", "AWS Step Functions"),
    ("sts", "AWS Security Token Service"),
    ("support", "AWS Support"),
    ("tag", "Amazon Resource Group Tagging API"),
    ("vpc-lattice", "Amazon VPC Lattice"),
];

/// The reference, unpacked.
pub struct Reference(String);

/// A service of the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service<'a> {
    /// The prefix of its actions.
    pub namespace: &'a str,
    /// What Access Advisor calls it.
    pub name: &'a str,
    actions: &'a str,
}

impl Reference {
    /// Unpacks the reference.
    pub fn unpack() -> Result<Self> {
        let mut text = String::new();
        DeflateDecoder::new(PACKED)
            .read_to_string(&mut text)
            .map_err(Fault::internal)?;
        Ok(Self(text))
    }

    /// All services, by prefix.
    pub fn services(&self) -> impl Iterator<Item = Service<'_>> {
        self.0.lines().filter_map(|line| {
            let mut fields = line.split('\t');
            let (namespace, name, actions) = (fields.next()?, fields.next()?, fields.next()?);
            let own = NAMES.binary_search_by(|(known, _)| known.cmp(&namespace)).ok();
            let name = own.and_then(|at| NAMES.get(at)).map_or(name, |(_, name)| name);
            Some(Service {
                namespace,
                name,
                actions,
            })
        })
    }

    /// Whether there is such a service.
    pub fn knows(&self, namespace: &str) -> bool {
        self.services().any(|service| service.namespace == namespace)
    }

    /// The services that policies let somebody use, with the actions that they allow, by prefix.
    ///
    /// Conditions and resources do not count. A service that a statement denies as a whole is not among them.
    pub fn allowed<'a>(&'a self, documents: &[Document]) -> BTreeMap<&'a str, (Service<'a>, Vec<&'a str>)> {
        let statements = || documents.iter().flat_map(Document::statements);
        let allows = allows(statements());
        let denies: Vec<Named> = statements().filter(|s| denies_all(s)).filter_map(Named::of).collect();
        let services = self
            .services()
            .filter(|s| !denies.iter().any(|named| named.is_whole(s.namespace)));
        let with_actions = services.map(|service| (service.namespace, (service, service.named_by(&allows).collect())));
        with_actions
            .filter(|(_, (_, actions)): &(_, (_, Vec<&str>))| !actions.is_empty())
            .collect()
    }

    /// The services that one policy allows anything of, denials not counted.
    pub fn granted(&self, document: &Document) -> BTreeSet<&str> {
        let allows = allows(document.statements().iter());
        let granted = self
            .services()
            .filter(|service| service.named_by(&allows).next().is_some());
        granted.map(|service| service.namespace).collect()
    }
}

impl<'a> Service<'a> {
    /// Its actions, without the prefix.
    pub fn actions(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.actions.split(',')
    }

    /// Its actions that any of the statements names.
    fn named_by<'n>(self, statements: &'n [Named<'n>]) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        let near: Vec<&Named> = statements
            .iter()
            .filter(|named| named.may_name(self.namespace))
            .collect();
        let candidates = (!near.is_empty()).then(|| self.actions()).into_iter().flatten();
        candidates.filter(move |action| near.iter().any(|named| named.names(self.namespace, action)))
    }
}

/// What the allowing ones among statements name.
fn allows<'a>(statements: impl Iterator<Item = &'a Statement>) -> Vec<Named<'a>> {
    statements
        .filter(|statement| statement.effect() == Effect::Allow)
        .filter_map(Named::of)
        .collect()
}

/// Whether a statement denies everywhere and always what it names.
fn denies_all(statement: &Statement) -> bool {
    let everywhere = statement
        .resource()
        .is_some_and(|resource| !resource.not && resource.value.items.iter().any(|resource| resource.value == "*"));
    statement.effect() == Effect::Deny && statement.conditions().is_empty() && everywhere
}

/// The actions that a statement names.
struct Named<'a> {
    negated: bool,
    /// Prefix and name of each pattern; `*` alone is `*:*`.
    patterns: Vec<(&'a str, &'a str)>,
}

impl<'a> Named<'a> {
    fn of(statement: &'a Statement) -> Option<Self> {
        let action = statement.action()?;
        let patterns = action
            .value
            .items
            .iter()
            .map(|text| text.value.split_once(':').unwrap_or(("*", &text.value)));
        Some(Self {
            negated: action.not,
            patterns: patterns.collect(),
        })
    }

    /// Whether any action of a service could be named.
    fn may_name(&self, namespace: &str) -> bool {
        self.negated || self.patterns.iter().any(|(service, _)| matches(service, namespace))
    }

    /// Whether an action is named.
    fn names(&self, namespace: &str, action: &str) -> bool {
        let named = self
            .patterns
            .iter()
            .any(|(service, name)| matches(service, namespace) && matches(name, action));
        named != self.negated
    }

    /// Whether every action of a service is named by one pattern.
    fn is_whole(&self, namespace: &str) -> bool {
        !self.negated
            && self
                .patterns
                .iter()
                .any(|(service, name)| matches(service, namespace) && *name == "*")
    }
}

/// Whether a pattern with `*` and `?` matches a text, letter case ignored.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    // Where to go on after a mismatch: behind the last star, one byte further in the text.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match (pattern.get(p), text.get(t)) {
            (Some(b'*'), _) => {
                star = Some((p, t));
                p += 1;
            }
            (Some(b'?'), Some(_)) => (p, t) = (p + 1, t + 1),
            (Some(a), Some(b)) if a.eq_ignore_ascii_case(b) => (p, t) = (p + 1, t + 1),
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    (p, t) = (at + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|byte| *byte == b'*')
}

/// Whether Access Advisor tells when an action was last used.
pub fn is_tracked(namespace: &str, action: &str) -> bool {
    // AWS: of these three the Describe calls are not tracked.
    const DESCRIBE_UNTRACKED: [&str; 3] = ["autoscaling", "ec2", "elasticloadbalancing"];
    if DESCRIBE_UNTRACKED.contains(&namespace) && action.starts_with("Describe") {
        return false;
    }
    action != "PassRole" && !is_data_plane(namespace, action)
}

/// Whether an action works on data, not on resources: CloudTrail keeps such events apart.
fn is_data_plane(namespace: &str, action: &str) -> bool {
    let any = |patterns: &[&str]| patterns.iter().any(|pattern| matches(pattern, action));
    match namespace {
        "s3" => {
            any(&[
                "*Object*",
                "*MultipartUpload*",
                "ListBucket",
                "ListBucketVersions",
                "ReplicateTags",
                "ReplicateDelete",
            ]) && !any(&["*ObjectLockConfiguration"])
        }
        "sqs" => any(&[
            "SendMessage*",
            "ReceiveMessage",
            "DeleteMessage*",
            "ChangeMessageVisibility*",
        ]),
        "sns" => any(&["Publish*"]),
        "dynamodb" => any(&["*Item", "Query", "Scan", "PartiQL*", "GetRecords", "GetShardIterator"]),
        "kinesis" => any(&["PutRecord*", "GetRecords", "GetShardIterator", "SubscribeToShard"]),
        "firehose" => any(&["PutRecord*"]),
        "lambda" => any(&["Invoke*"]),
        "logs" => any(&["PutLogEvents", "GetLogEvents", "FilterLogEvents"]),
        "cloudwatch" => any(&["PutMetricData", "GetMetricData", "GetMetricStatistics"]),
        "events" => any(&["PutEvents"]),
        "ebs" | "ec2messages" | "ssmmessages" | "execute-api" => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::managed::Managed;

    fn allowed(documents: &[&str]) -> Vec<(String, usize)> {
        let documents: Vec<Document> = documents.iter().map(|text| Document::parse(text).unwrap()).collect();
        let reference = Reference::unpack().unwrap();
        let found = reference.allowed(&documents);
        found
            .into_iter()
            .map(|(namespace, (_, actions))| (namespace.to_owned(), actions.len()))
            .collect()
    }

    fn statement(effect: &str, action: &str) -> String {
        format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"{effect}","Action":"{action}","Resource":"*"}}]}}"#
        )
    }

    #[test]
    fn the_names_are_sorted_so_that_look_ups_find_them() {
        assert!(NAMES.is_sorted());
    }

    #[test]
    fn the_linked_role_of_ecs_may_use_eleven_services_in_this_order() {
        let text = Managed::named("AmazonECSServiceRolePolicy")
            .unwrap()
            .document()
            .unwrap();
        let reference = Reference::unpack().unwrap();
        let found = reference.allowed(&[Document::parse(&text).unwrap()]);
        let named: Vec<(&str, &str)> = found
            .values()
            .map(|(service, _)| (service.namespace, service.name))
            .collect();
        assert_eq!(
            named,
            [
                ("autoscaling", "Amazon EC2 Auto Scaling"),
                ("autoscaling-plans", "AWS Auto Scaling"),
                ("cloudwatch", "Amazon CloudWatch"),
                ("ec2", "Amazon EC2"),
                ("elasticloadbalancing", "Elastic Load Balancing"),
                ("events", "Amazon EventBridge"),
                ("logs", "Amazon CloudWatch Logs"),
                ("route53", "Amazon Route 53"),
                ("servicediscovery", "AWS Cloud Map"),
                ("ssm", "AWS Systems Manager"),
                ("ssmmessages", "Amazon Message Gateway Service"),
            ]
        );
    }

    #[test]
    fn a_service_counts_only_through_actions_that_exist() {
        assert_eq!(allowed(&[&statement("Allow", "iam:GetUser")]), [("iam".to_owned(), 1)]);
        assert_eq!(allowed(&[&statement("Allow", "iam:Nonsense")]), []);
        assert_eq!(allowed(&[&statement("Allow", "nonsense:*")]), []);
        assert_eq!(allowed(&[&statement("Allow", "*")]).len(), 456);
        assert!(allowed(&[&statement("Allow", "IAM:getuser*")]).len() == 1);
    }

    #[test]
    fn a_whole_service_denied_anywhere_is_not_listed() {
        let (allow, deny) = (statement("Allow", "*"), statement("Deny", "s3:*"));
        let found = allowed(&[&allow, &deny]);
        assert!(found.len() == 455 && found.iter().all(|(namespace, _)| namespace != "s3"));
        assert_eq!(allowed(&[&allow, &statement("Deny", "s3:Get*")]).len(), 456);
        let conditional = deny.replace(
            "\"Resource\":\"*\"",
            "\"Resource\":\"*\",\"Condition\":{\"Bool\":{\"aws:SecureTransport\":\"false\"}}",
        );
        assert_eq!(allowed(&[&allow, &conditional]).len(), 456);
        assert_eq!(allowed(&[&allow, &statement("Deny", "*")]).len(), 0);
    }

    #[test]
    fn tracked_actions_are_those_of_management() {
        for (namespace, action) in [
            ("iam", "GetUser"),
            ("lambda", "ListFunctions"),
            ("kms", "ListKeys"),
            ("ec2", "CreateTags"),
        ] {
            assert!(is_tracked(namespace, action), "{namespace}:{action}");
        }
        for (namespace, action) in [
            ("s3", "GetObject"),
            ("sqs", "SendMessage"),
            ("iam", "PassRole"),
            ("ec2", "DescribeInstances"),
        ] {
            assert!(!is_tracked(namespace, action), "{namespace}:{action}");
        }
    }

    #[test]
    fn stars_and_question_marks_match_as_policies_say() {
        for (pattern, text) in [("*", ""), ("a*c", "abcc"), ("Get?ser", "getUser"), ("*a*b*", "xaxbx")] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("", "a"), ("a", ""), ("a*c", "ab"), ("?", "")] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }
}
