//! Turns the service authorization reference into committed facts (`models/sar/`) and those into Rust tables.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

/// What can go wrong: a file that cannot be read or written, or one that has not the expected shape.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Names of the Rust files that [`generate`] writes.
pub const GENERATED: [&str; 4] = ["actions.rs", "keys.rs", "reference.rs", "operations.rs"];

/// Condition keys that every service supports, in AWS's spelling; the per-service lists name only some of them.
const GLOBAL_KEYS: [(&str, &str); 60] = [
    ("aws:AssumedRoot", "Bool"),
    ("aws:CalledVia", "ArrayOfString"),
    ("aws:CalledViaFirst", "String"),
    ("aws:CalledViaLast", "String"),
    ("aws:ChatbotSourceArn", "ARN"),
    ("aws:CurrentTime", "Date"),
    ("aws:Ec2InstanceSourcePrivateIPv4", "IPAddress"),
    ("aws:Ec2InstanceSourceVpc", "String"),
    ("aws:EpochTime", "Date"),
    ("aws:FederatedProvider", "String"),
    ("aws:MultiFactorAuthAge", "Numeric"),
    ("aws:MultiFactorAuthPresent", "Bool"),
    ("aws:PrincipalAccount", "String"),
    ("aws:PrincipalArn", "ARN"),
    ("aws:PrincipalIsAWSService", "Bool"),
    ("aws:PrincipalOrgID", "String"),
    ("aws:PrincipalOrgPaths", "ArrayOfString"),
    ("aws:PrincipalServiceName", "String"),
    ("aws:PrincipalServiceNamesList", "ArrayOfString"),
    ("aws:PrincipalTag/${TagKey}", "String"),
    ("aws:PrincipalType", "String"),
    ("aws:RequestTag/${TagKey}", "String"),
    ("aws:RequestedRegion", "String"),
    ("aws:ResourceAccount", "String"),
    ("aws:ResourceOrgID", "String"),
    ("aws:ResourceOrgPaths", "ArrayOfString"),
    ("aws:ResourceTag/${TagKey}", "String"),
    ("aws:SecureTransport", "Bool"),
    ("aws:SourceAccount", "String"),
    ("aws:SourceArn", "ARN"),
    ("aws:SourceIdentity", "String"),
    ("aws:SourceIp", "IPAddress"),
    ("aws:SourceOrgID", "String"),
    ("aws:SourceOrgPaths", "ArrayOfString"),
    ("aws:SourceOwner", "String"),
    ("aws:SourceVpc", "String"),
    ("aws:SourceVpcArn", "ARN"),
    ("aws:SourceVpce", "String"),
    ("aws:TagKeys", "ArrayOfString"),
    ("aws:TokenIssueTime", "Date"),
    ("aws:UserAgent", "String"),
    ("aws:ViaAWSService", "Bool"),
    ("aws:VpceAccount", "String"),
    ("aws:VpceOrgID", "String"),
    ("aws:VpceOrgPaths", "ArrayOfString"),
    ("aws:VpcSourceIp", "IPAddress"),
    ("aws:referer", "String"),
    ("aws:userid", "String"),
    ("aws:username", "String"),
    ("ec2:SourceInstanceARN", "ARN"),
    ("events:ManagedBy", "String"),
    ("iam:AWSServiceName", "String"),
    ("iam:AssociatedResourceArn", "ARN"),
    ("iam:PassedToService", "String"),
    ("iam:PermissionsBoundary", "String"),
    ("iam:PolicyARN", "ARN"),
    ("iam:ResourceTag/${TagKey}", "String"),
    ("sts:ExternalId", "String"),
    ("sts:RoleSessionName", "String"),
    ("sts:SourceIdentity", "String"),
];

/// Reduces the shared data sets to the facts that the engine needs and writes them below `models` (`models/sar`).
///
/// `shared` is the folder that has `data/sar`, `data/ops` and `data/actions-all.jsonl`. The hand-written
/// `additions.json` in `models` is left alone.
pub fn reduce(shared: &Path, models: &Path) -> Result<()> {
    let data = shared.join("data");
    let services = models.join("services");
    fs::create_dir_all(&services)?;
    for file in json_files(&data.join("sar"))? {
        let facts = read(&data.join("sar").join(&file))?;
        fs::write(services.join(&file), reduced_service(&facts)?)?;
    }
    let operations = models.join("operations");
    fs::create_dir_all(&operations)?;
    for file in json_files(&data.join("ops"))? {
        let facts = read(&data.join("ops").join(&file))?;
        fs::write(operations.join(&file), reduced_operations(&facts)?)?;
    }
    let mut names = BTreeMap::new();
    for line in fs::read_to_string(data.join("actions-all.jsonl"))?.lines() {
        let service: Value = serde_json::from_str(line)?;
        names.insert(
            text(&service, "service")?.to_owned(),
            text(&service, "name")?.to_owned(),
        );
    }
    let mut out = String::from("{\n");
    lines(
        &mut out,
        names
            .iter()
            .map(|(prefix, name)| format!("{}:{}", json!(prefix), json!(name))),
    );
    out.push_str("}\n");
    fs::write(models.join("names.json"), out)?;
    Ok(())
}

/// Generates the Rust tables from `models` (`models/sar`) into the folder `out`; needs nothing else.
pub fn generate(models: &Path, out: &Path) -> Result<()> {
    fs::create_dir_all(out)?;
    for (name, source) in sources(models)? {
        fs::write(out.join(name), source)?;
    }
    Ok(())
}

/// The generated files, by name: what [`generate`] writes, for a test that compares.
pub fn sources(models: &Path) -> Result<Vec<(&'static str, String)>> {
    let tables = Tables::read(models)?;
    let [actions, keys, reference, operations] = GENERATED;
    Ok(vec![
        (actions, tables.actions_rs()?),
        (keys, tables.keys_rs()?),
        (reference, tables.reference_rs()?),
        (operations, tables.operations_rs()?),
    ])
}

// ---- shared data -> models/sar -------------------------------------------------------------------------------------

/// One service as compact JSON, a line per action: `[access, [[resource type, required, keys]], keys, dependents]`,
/// keys as indices into the file's own `keys`.
fn reduced_service(facts: &Value) -> Result<String> {
    let mut key_types: BTreeMap<String, String> = BTreeMap::new();
    for (key, kind) in object(facts, "conditionKeys") {
        key_types.insert(
            key.clone(),
            kind.as_str().ok_or("a condition key without a type")?.to_owned(),
        );
    }
    let mut note = |keys: Vec<String>| {
        for key in keys {
            key_types.entry(key).or_insert_with(|| "String".to_owned());
        }
    };
    for (_, resource) in object(facts, "resources") {
        note(strings(resource, "keys"));
    }
    for (_, action) in object(facts, "actions") {
        note(strings(action, "keys"));
        for used in array(action, "resources") {
            note(strings(used, "keys"));
        }
    }
    let index: BTreeMap<&String, usize> = key_types.keys().zip(0..).collect();
    let indices = |keys: Vec<String>| {
        keys.iter()
            .filter_map(|key| index.get(key).copied())
            .collect::<Vec<_>>()
    };

    let mut out = String::from("{\n");
    let _ = writeln!(out, "\"service\":{},", json!(text(facts, "service")?));
    let _ = writeln!(out, "\"name\":{},", json!(text(facts, "name")?));
    out.push_str("\"keys\":[\n");
    lines(
        &mut out,
        key_types.iter().map(|(key, kind)| json!([key, kind]).to_string()),
    );
    out.push_str("],\n\"resources\":{\n");
    let resources = object(facts, "resources").into_iter().map(|(kind, resource)| {
        Ok(format!(
            "{}:{}",
            json!(kind),
            json!([text(resource, "arn")?, indices(strings(resource, "keys"))])
        ))
    });
    lines(&mut out, resources.collect::<Result<Vec<_>>>()?.into_iter());
    out.push_str("},\n\"actions\":{\n");
    let actions = object(facts, "actions").into_iter().map(|(name, action)| {
        let mut uses = Vec::new();
        for used in array(action, "resources") {
            let required = used.get("required").and_then(Value::as_bool).unwrap_or(false);
            uses.push(json!([
                text(used, "type")?,
                u8::from(required),
                indices(strings(used, "keys"))
            ]));
        }
        let keys = indices(strings(action, "keys"));
        let row = json!([text(action, "access")?, uses, keys, strings(action, "dependent")]);
        Ok(format!("{}:{row}", json!(name)))
    });
    lines(&mut out, actions.collect::<Result<Vec<_>>>()?.into_iter());
    out.push_str("}\n}\n");
    Ok(out)
}

/// One service's operations: a line per operation, `[actions, dependents]`.
fn reduced_operations(facts: &Value) -> Result<String> {
    let mut out = String::from("{\n");
    let _ = writeln!(out, "\"service\":{},", json!(text(facts, "service")?));
    out.push_str("\"operations\":{\n");
    let rows = object(facts, "operations").into_iter().map(|(name, operation)| {
        let mut actions: Vec<&str> = Vec::new();
        for action in array(operation, "actions") {
            let action = text(action, "action")?;
            if !actions.contains(&action) {
                actions.push(action);
            }
        }
        Ok(format!(
            "{}:{}",
            json!(name),
            json!([actions, strings(operation, "dependent")])
        ))
    });
    lines(&mut out, rows.collect::<Result<Vec<_>>>()?.into_iter());
    out.push_str("}\n}\n");
    Ok(out)
}

// ---- models/sar -> Rust --------------------------------------------------------------------------------------------

struct Tables {
    services: Vec<Value>,
    operations: Vec<Value>,
    additions: Value,
    names: Value,
    /// `(name in lower case, name)` of every action, in the order of the ids.
    actions: Vec<(String, String)>,
    /// Lower-case key name to spelling and type, in the order of the ids.
    keys: BTreeMap<String, (String, String)>,
}

impl Tables {
    fn read(models: &Path) -> Result<Self> {
        let mut services = Vec::new();
        for file in json_files(&models.join("services"))? {
            services.push(read(&models.join("services").join(file))?);
        }
        let mut operations = Vec::new();
        for file in json_files(&models.join("operations"))? {
            operations.push(read(&models.join("operations").join(file))?);
        }
        let mut actions = Vec::new();
        let mut keys = BTreeMap::new();
        for (key, kind) in GLOBAL_KEYS {
            keys.insert(key.to_ascii_lowercase(), (key.to_owned(), kind.to_owned()));
        }
        for service in &services {
            let prefix = text(service, "service")?;
            for (name, _) in object(service, "actions") {
                let full = format!("{prefix}:{name}");
                actions.push((full.to_ascii_lowercase(), full));
            }
            for row in array(service, "keys") {
                let (key, kind) = (item_text(row, 0)?, item_text(row, 1)?);
                keys.entry(key.to_ascii_lowercase())
                    .or_insert_with(|| (key.to_owned(), kind.to_owned()));
            }
        }
        actions.sort();
        let names = read(&models.join("names.json"))?;
        Ok(Self {
            services,
            operations,
            additions: read(&models.join("additions.json"))?,
            names,
            actions,
            keys,
        })
    }

    fn action_index(&self, name: &str) -> Option<usize> {
        let lower = name.to_ascii_lowercase();
        self.actions
            .binary_search_by(|(known, _)| known.as_str().cmp(lower.as_str()))
            .ok()
    }

    fn key_index(&self, key: &str) -> Result<usize> {
        let lower = key.to_ascii_lowercase();
        Ok(self
            .keys
            .keys()
            .position(|known| *known == lower)
            .ok_or_else(|| format!("unknown key {key}"))?)
    }

    fn actions_rs(&self) -> Result<String> {
        let mut out =
            header("The names of the known actions, sorted without regard to case: an action's id is its place.");
        let names = self.actions.iter().map(|(_, name)| format!("{name:?}"));
        table(
            &mut out,
            "Every known action, spelled as its service spells it.",
            "ACTIONS",
            "&str",
            names,
        );
        let mut ranges: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for (at, (lower, _)) in self.actions.iter().enumerate() {
            let prefix = lower.split(':').next().ok_or("an action without a service")?;
            ranges.entry(prefix).or_insert((at, at)).1 = at + 1;
        }
        let rows = ranges
            .iter()
            .map(|(prefix, (from, to))| format!("({prefix:?}, {from}, {to})"));
        table(
            &mut out,
            "Service prefix, first action, end of its actions.",
            "SERVICES",
            "(&str, u16, u16)",
            rows,
        );
        Ok(out)
    }

    fn keys_rs(&self) -> Result<String> {
        let mut out = header("The known condition keys, sorted without regard to case: a key's id is its place.");
        let rows = self.keys.values().map(|(key, kind)| {
            let kind = match kind.as_str() {
                "String" => "String",
                "ArrayOfString" => "ArrayOfString",
                "ARN" => "Arn",
                "ArrayOfARN" => "ArrayOfArn",
                "Bool" => "Bool",
                "Date" => "Date",
                "Numeric" => "Numeric",
                "IPAddress" => "IpAddress",
                "Binary" => "Binary",
                other => return Err(format!("unknown type {other} of key {key}")),
            };
            Ok(format!("({key:?}, KeyType::{kind})"))
        });
        out.push_str("use crate::key::KeyType;\n\n");
        let rows = rows.collect::<std::result::Result<Vec<_>, _>>()?;
        table(
            &mut out,
            "Spelling and type of every known key; `${TagKey}` stands for any tag key.",
            "KEYS",
            "(&str, KeyType)",
            rows.into_iter(),
        );
        Ok(out)
    }

    fn reference_rs(&self) -> Result<String> {
        let mut out = header("Access levels, resource types, condition keys and dependents of the known actions.");
        out.push_str("use crate::service_reference::{ActionRow, ResourceTypeRow, ResourceUseRow};\n\n");
        let mut lists = Pool::default();
        let mut uses: Vec<String> = Vec::new();
        let mut use_runs: BTreeMap<Vec<String>, usize> = BTreeMap::new();
        let mut kinds: Vec<String> = Vec::new();
        let mut rows: BTreeMap<String, String> = BTreeMap::new();
        let extra = self.extra_actions()?;
        for service in &self.services {
            let prefix = text(service, "service")?;
            let local: Vec<usize> = array(service, "keys")
                .iter()
                .map(|row| self.key_index(item_text(row, 0)?))
                .collect::<Result<_>>()?;
            let keys_of = |value: Option<&Value>| -> Result<Vec<usize>> {
                let indices = value.and_then(Value::as_array).into_iter().flatten();
                indices
                    .map(|at| {
                        let at = usize::try_from(at.as_u64().ok_or("a key index that is no number")?)?;
                        Ok(local.get(at).copied().ok_or("a key index out of range")?)
                    })
                    .collect()
            };
            let mut kind_ids: BTreeMap<&str, usize> = BTreeMap::new();
            for (kind, row) in object(service, "resources") {
                kind_ids.insert(kind, kinds.len());
                let keys = lists.place(&keys_of(row.get(1))?);
                kinds.push(format!(
                    "ResourceTypeRow({prefix:?}, {kind:?}, {:?}, {keys})",
                    item_text(row, 0)?
                ));
            }
            for (name, row) in object(service, "actions") {
                let mut own = Vec::new();
                for used in row.get(1).and_then(Value::as_array).into_iter().flatten() {
                    let kind = item_text(used, 0)?;
                    let id = kind_ids
                        .get(kind)
                        .ok_or_else(|| format!("{prefix}:{name} uses unknown type {kind}"))?;
                    let required = used.get(1).and_then(Value::as_u64) == Some(1);
                    own.push(format!(
                        "ResourceUseRow({id}, {required}, {})",
                        lists.place(&keys_of(used.get(2))?)
                    ));
                }
                let from = *use_runs.entry(own.clone()).or_insert_with(|| {
                    let from = uses.len();
                    uses.extend(own.iter().cloned());
                    from
                });
                let keys = lists.place(&keys_of(row.get(2))?);
                let dependents = row.get(3).and_then(Value::as_array).into_iter().flatten();
                let dependents: Vec<usize> = dependents
                    .filter_map(Value::as_str)
                    .map(|name| self.any_action(name, &extra))
                    .collect();
                let dependents = lists.place(&dependents);
                let access = access(item_text(row, 0)?)?;
                let full = format!("{prefix}:{name}");
                let row = format!("ActionRow({access}, {from}, {}, {keys}, {dependents})", own.len());
                rows.insert(full.to_ascii_lowercase(), row);
            }
        }
        table(
            &mut out,
            "Rows of the known actions, by id.",
            "ACTION_ROWS",
            "ActionRow",
            rows.into_values(),
        );
        table(
            &mut out,
            "Resource types of all services.",
            "RESOURCE_TYPES",
            "ResourceTypeRow",
            kinds.into_iter(),
        );
        table(
            &mut out,
            "Runs of resource uses, shared by the actions.",
            "RESOURCE_USES",
            "ResourceUseRow",
            uses.into_iter(),
        );
        table(
            &mut out,
            "Runs of key or action ids, shared by the rows.",
            "LISTS",
            "u16",
            lists.items.iter().map(usize::to_string),
        );
        let mut services = Vec::new();
        for service in &self.services {
            services.push(format!(
                "({:?}, {:?})",
                text(service, "service")?,
                text(service, "name")?
            ));
        }
        table(
            &mut out,
            "Prefix and name of the services whose actions are known here.",
            "KNOWN_SERVICES",
            "(&str, &str)",
            services.into_iter(),
        );
        let names = self.names.as_object().ok_or("names.json is no object")?;
        let names: BTreeMap<&String, &Value> = names.iter().collect();
        let rows = names
            .iter()
            .map(|(prefix, name)| format!("({prefix:?}, {:?})", name.as_str().unwrap_or_default()));
        table(
            &mut out,
            "Prefix and name of every service of AWS.",
            "ALL_SERVICES",
            "(&str, &str)",
            rows,
        );
        Ok(out)
    }

    fn operations_rs(&self) -> Result<String> {
        let mut out = header("The IAM actions that each API operation checks.");
        out.push_str("use crate::service_reference::OperationRow;\n\n");
        let extra = self.extra_actions()?;
        let mut lists = Pool::default();
        let mut rows = BTreeMap::new();
        for service in &self.operations {
            let name = text(service, "service")?;
            for (operation, row) in object(service, "operations") {
                let needs = |at: usize, more: Vec<String>, but: &[usize]| {
                    let listed = row
                        .get(at)
                        .and_then(Value::as_array)
                        .into_iter()
                        .flatten()
                        .filter_map(Value::as_str);
                    let mut ids: Vec<usize> = Vec::new();
                    for action in listed.map(str::to_owned).chain(more) {
                        let id = self.any_action(&action, &extra);
                        if !ids.contains(&id) && !but.contains(&id) {
                            ids.push(id);
                        }
                    }
                    ids
                };
                let actions = needs(0, Vec::new(), &[]);
                let added = self
                    .additions
                    .get(name)
                    .map(|added| strings(added, operation))
                    .unwrap_or_default();
                let dependents = needs(1, added, &actions);
                let (actions, dependents) = (lists.place(&actions), lists.place(&dependents));
                let row = format!("OperationRow({name:?}, {operation:?}, {actions}, {dependents})");
                rows.insert((name.to_owned(), operation.clone()), row);
            }
        }
        table(
            &mut out,
            "Service and operation (botocore's names), sorted; required actions; further actions.",
            "OPERATIONS",
            "OperationRow",
            rows.into_values(),
        );
        table(
            &mut out,
            "Runs of action ids, shared by the rows.",
            "OPERATION_LISTS",
            "u16",
            lists.items.iter().map(usize::to_string),
        );
        let extra = self.extra_actions()?.into_iter().map(|name| format!("{name:?}"));
        table(
            &mut out,
            "Names of the actions of other services; their ids follow those of `ACTIONS`.",
            "OTHER_ACTIONS",
            "&str",
            extra,
        );
        Ok(out)
    }

    /// Actions that are named as dependents or by operations but belong to services outside the tables, sorted.
    fn extra_actions(&self) -> Result<Vec<String>> {
        let mut named: BTreeSet<String> = BTreeSet::new();
        for service in &self.services {
            for (_, row) in object(service, "actions") {
                let dependents = row.get(3).and_then(Value::as_array).into_iter().flatten();
                named.extend(dependents.filter_map(Value::as_str).map(str::to_owned));
            }
        }
        for service in &self.operations {
            for (_, row) in object(service, "operations") {
                for list in row.as_array().ok_or("an operation that is no list")? {
                    named.extend(
                        list.as_array()
                            .into_iter()
                            .flatten()
                            .filter_map(Value::as_str)
                            .map(str::to_owned),
                    );
                }
            }
        }
        for (_, service) in self.additions.as_object().ok_or("additions.json is no object")? {
            for (operation, _) in service.as_object().ok_or("additions of a service that are no object")? {
                named.extend(strings(service, operation));
            }
        }
        Ok(named
            .into_iter()
            .filter(|name| self.action_index(name).is_none())
            .collect())
    }

    fn any_action(&self, name: &str, extra: &[String]) -> usize {
        let other = || {
            extra
                .iter()
                .position(|known| known == name)
                .map(|at| self.actions.len() + at)
        };
        self.action_index(name).or_else(other).unwrap_or(usize::from(u16::MAX))
    }
}

/// Number runs stored once, named as `(from, length)`.
#[derive(Default)]
struct Pool {
    items: Vec<usize>,
    runs: BTreeMap<Vec<usize>, usize>,
}

impl Pool {
    fn place(&mut self, run: &[usize]) -> String {
        if run.is_empty() {
            return "(0, 0)".to_owned();
        }
        let from = *self.runs.entry(run.to_vec()).or_insert_with(|| {
            let from = self.items.len();
            self.items.extend_from_slice(run);
            from
        });
        format!("({from}, {})", run.len())
    }
}

fn access(level: &str) -> Result<u8> {
    let mut bits = 0;
    for word in level.split(", ") {
        bits |= match word {
            "List" => 1,
            "Read" => 2,
            "Write" => 4,
            "Tagging" => 8,
            "Permissions management" => 16,
            other => return Err(format!("unknown access level {other}").into()),
        };
    }
    Ok(bits)
}

fn header(purpose: &str) -> String {
    format!("//! {purpose}\n//!\n//! @generated from `models/sar` by `xtask/src/sar.rs`: do not edit.\n\n")
}

/// Writes a static slice, as many items to a line as fit.
fn table(out: &mut String, doc: &str, name: &str, kind: &str, items: impl Iterator<Item = String>) {
    let _ = writeln!(out, "/// {doc}\npub(crate) static {name}: &[{kind}] = &[");
    let mut line = String::from("   ");
    for item in items {
        if line.len() + item.len() > 116 && line.len() > 3 {
            let _ = writeln!(out, "{line}");
            line = String::from("   ");
        }
        let _ = write!(line, " {item},");
    }
    if line.len() > 3 {
        let _ = writeln!(out, "{line}");
    }
    out.push_str("];\n\n");
}

// ---- JSON ----------------------------------------------------------------------------------------------------------

fn lines(out: &mut String, items: impl Iterator<Item = String>) {
    let all: Vec<String> = items.collect();
    out.push_str(&all.join(",\n"));
    if !all.is_empty() {
        out.push('\n');
    }
}

fn read(path: &Path) -> Result<Value> {
    let text = fs::read_to_string(path).map_err(|error| format!("reading {}: {error}", path.display()))?;
    Ok(serde_json::from_str(&text).map_err(|error| format!("parsing {}: {error}", path.display()))?)
}

fn json_files(folder: &Path) -> Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder).map_err(|error| format!("reading {}: {error}", folder.display()))? {
        if let Ok(name) = entry?.file_name().into_string()
            && Path::new(&name)
                .extension()
                .is_some_and(|extension| extension == "json")
        {
            names.insert(name);
        }
    }
    Ok(names)
}

fn text<'a>(value: &'a Value, member: &str) -> Result<&'a str> {
    Ok(value
        .get(member)
        .and_then(Value::as_str)
        .ok_or_else(|| format!("no text `{member}` in {value}"))?)
}

fn item_text(value: &Value, at: usize) -> Result<&str> {
    Ok(value
        .get(at)
        .and_then(Value::as_str)
        .ok_or_else(|| format!("no text at {at} in {value}"))?)
}

/// The members of an object in the order of their names, whatever map serde_json was built with.
fn object<'a>(value: &'a Value, member: &str) -> BTreeMap<&'a String, &'a Value> {
    value
        .get(member)
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .collect()
}

fn array<'a>(value: &'a Value, member: &str) -> &'a [Value] {
    value
        .get(member)
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
}

fn strings(value: &Value, member: &str) -> Vec<String> {
    array(value, member)
        .iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}
