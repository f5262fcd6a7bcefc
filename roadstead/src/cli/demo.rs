//! `roadstead demo`: the main job in one command, over real HTTP with real signatures and a real container.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use clap::Parser as _;
use roadstead::client::Client;
use roadstead::{DataDir, Installation};
use roadstead_containers::{Docker, Runtime as _, RuntimeError, rootfs};
use roadstead_kernel::audit::Record;
use roadstead_kernel::{Fault, Result};
use serde_json::{Value, json};

use super::{serve, trace};

#[derive(Args)]
pub struct DemoArgs {
    /// The image to run; one that is on the machine or can be pulled, with `/bin/sh` and busybox's `httpd`.
    #[arg(long, value_name = "IMAGE")]
    image: Option<String>,
}

const ECS: &str = "AmazonEC2ContainerServiceV20141113";
const ROLE: &str = "AWSServiceRoleForECS";
const CLUSTER: &str = "demo";
const SERVICE: &str = "web";
const PUBLIC_IMAGE: &str = "public.ecr.aws/docker/library/busybox:stable";
const OWN_IMAGE: &str = "roadstead/busybox:latest";
/// What a task does: serves one page until it is told to end.
const SERVER: &str = "trap 'exit 0' TERM; mkdir -p /tmp/www; echo hello from a task at $(hostname) > /tmp/www/index.html; \
                      httpd -p 80 -h /tmp/www; while true; do sleep 1; done";
/// How long a connection may take before it counts as refused by a security group.
const SILENCE: Duration = Duration::from_secs(1);
/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long a task in a network of the engine may take to answer before it counts as out of this host's reach.
const ENGINES_PATIENCE: Duration = Duration::from_secs(10);

/// The arguments of the demo's own server.
#[derive(clap::Parser)]
struct ServerArgs {
    #[command(flatten)]
    serve: serve::ServeArgs,
}

/// Runs the demo; succeeds only if every step did what it must.
pub fn run(args: &DemoArgs) -> Result<ExitCode> {
    let runtime = super::tokio()?;
    let probe = runtime.block_on(async { Docker::new("demo").probe().await });
    if !probe.reachable {
        println!("There is no container engine, so no task can run. `roadstead doctor` says:\n");
        super::doctor::run(&DataDir::new(DataDir::default_path()))?;
        return Ok(ExitCode::FAILURE);
    }
    let directory = Temporary::new()?;
    let data_dir = DataDir::new(&directory.0);
    let image = runtime.block_on(image(args))?;
    let words = [
        "demo",
        "--listen",
        "127.0.0.1:0",
        "--region",
        "us-east-1",
        "--runtime",
        "docker",
        "--store",
        "embedded",
    ];
    let server_args = ServerArgs::try_parse_from(words).map_err(Fault::internal)?.serve;
    let server = runtime.block_on(serve::start(&server_args, &data_dir))?;
    println!(
        "A server of its own answers on {} (its data is in `{}`).\n",
        server.endpoint,
        directory.0.display()
    );
    let client = Client::new(&server.endpoint, server.installation.root.clone(), "us-east-1");
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let installation = Arc::clone(&server.installation);
    let serving = runtime.spawn(server.listener.serve(stopped));
    let demo = Demo {
        tokio: runtime.handle().clone(),
        client,
        installation,
        image,
    };
    let outcome = demo.play();
    if outcome.is_err() {
        demo.clean_up();
    }
    let _ = stop.send(true);
    runtime.block_on(async {
        let _ = serving.await;
        demo.installation.stop().await
    })?;
    outcome?;
    println!("\nEverything did what it must.");
    Ok(ExitCode::SUCCESS)
}

/// The image to run: what was asked for, a public one, or one made from a static busybox of this host.
async fn image(args: &DemoArgs) -> Result<String> {
    let engine = Docker::new("demo");
    if let Some(asked) = &args.image {
        engine.ensure_image(asked, None).await.map_err(|error| {
            Fault::internal(format_args!(
                "the image `{asked}` that `--image` names is not on this machine and could not be pulled: {error}"
            ))
        })?;
        println!("Tasks run the image `{asked}`.");
        return Ok(asked.clone());
    }
    if let Some(busybox) = rootfs::find_static_busybox() {
        println!(
            "Tasks run `{OWN_IMAGE}`, made from this host's static `{}`.",
            busybox.display()
        );
        let tar = rootfs::busybox_rootfs(&busybox).map_err(Fault::internal)?;
        engine
            .import_rootfs(OWN_IMAGE, tar, &["/bin/sh"])
            .await
            .map_err(Fault::internal)?;
        return Ok(OWN_IMAGE.to_owned());
    }
    match engine.ensure_image(PUBLIC_IMAGE, None).await {
        Ok(_) => {
            println!("Tasks run the public image `{PUBLIC_IMAGE}`.");
            Ok(PUBLIC_IMAGE.to_owned())
        }
        Err(error) => Err(Fault::internal(format_args!(
            "there is no image to run: `{PUBLIC_IMAGE}` could not be pulled ({error}); name one that is on this machine \
             with `--image`, or install a static busybox (`apt-get install busybox-static`)"
        ))),
    }
}

struct Demo {
    tokio: tokio::runtime::Handle,
    client: Client,
    installation: Arc<Installation>,
    image: String,
}

impl Demo {
    fn play(&self) -> Result<()> {
        self.create_clusters()?;
        let tasks = self.create_service()?;
        self.reach_tasks(&tasks)?;
        let tasks = self.kill_one(&tasks)?;
        let shown = self.show_behalf(0)?;
        self.try_to_delete_role()?;
        self.delete_service(&tasks)?;
        self.show_behalf(shown)?;
        self.delete_clusters_and_role()
    }

    fn ecs(&self, operation: &str, input: &Value) -> Result<Value> {
        self.client.json("ecs", &format!("{ECS}.{operation}"), input)
    }

    fn iam(&self, form: &str) -> Result<(u16, String)> {
        let answer = self.client.form("iam", &format!("Version=2010-05-08&{form}"))?;
        Ok((answer.status, answer.body))
    }

    fn ec2(&self, form: &str) -> Result<String> {
        let answer = self.client.form("ec2", &format!("Version=2016-11-15&{form}"))?;
        check(answer.status == 200, || {
            format!("EC2 answered {}: {}", answer.status, answer.body)
        })?;
        Ok(answer.body)
    }

    fn create_clusters(&self) -> Result<()> {
        let (status, _) = self.iam(&format!("Action=GetRole&RoleName={ROLE}"))?;
        check(status == 404, || {
            format!("the role `{ROLE}` is there before anything was made")
        })?;
        step(
            "1",
            "CreateCluster makes the service-linked role, with the caller's permission",
        );
        let answer = self.ecs("CreateCluster", &json!({ "clusterName": CLUSTER }))?;
        println!("   cluster  {}", text(&answer, "/cluster/clusterArn"));
        let (status, role) = self.iam(&format!("Action=GetRole&RoleName={ROLE}"))?;
        check(status == 200, || format!("the role was not made: {role}"))?;
        println!("   role     {}", between(&role, "<Arn>", "</Arn>"));
        let elsewhere = self.client.in_region("eu-west-1");
        let answer = elsewhere.json(
            "ecs",
            &format!("{ECS}.CreateCluster"),
            &json!({ "clusterName": "demo-eu" }),
        )?;
        println!("   cluster  {}", text(&answer, "/cluster/clusterArn"));
        Ok(())
    }

    fn create_service(&self) -> Result<Vec<Running>> {
        step(
            "2",
            "CreateService keeps two tasks, and ECS makes the network interface of each through the role",
        );
        self.ecs(
            "RegisterTaskDefinition",
            &json!({
                "family": "demo", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
                "cpu": "256", "memory": "512",
                "containerDefinitions": [{
                    "name": "main", "image": self.image, "stopTimeout": 2,
                    "command": ["sh", "-c", SERVER]
                }]
            }),
        )?;
        let described = self.ec2("Action=DescribeSubnets")?;
        let subnets: Vec<&str> = all_between(&described, "<subnetId>", "</subnetId>");
        check(!subnets.is_empty(), || "the default VPC has no subnet".to_owned())?;
        let answer = self.ecs(
            "CreateService",
            &json!({
                "cluster": CLUSTER, "serviceName": SERVICE, "taskDefinition": "demo", "launchType": "FARGATE",
                "desiredCount": 2, "enableECSManagedTags": true,
                "networkConfiguration": { "awsvpcConfiguration": { "subnets": subnets } }
            }),
        )?;
        println!("   service  {}", text(&answer, "/service/serviceArn"));
        let tasks = self.wait_for_service(&[])?;
        for task in &tasks {
            println!("   task     {task}");
            let described = self.ec2(&format!(
                "Action=DescribeNetworkInterfaces&NetworkInterfaceId.1={}",
                task.eni
            ))?;
            check(described.contains(&format!("attachment/{}", task.attachment)), || {
                format!("EC2 does not know {}: {described}", task.eni)
            })?;
            check(described.contains("aws:ecs:clusterName"), || {
                format!("{} is not tagged: {described}", task.eni)
            })?;
        }
        Ok(tasks)
    }

    /// Asks the tasks at their private addresses, before and after their security group lets that in.
    fn reach_tasks(&self, tasks: &[Running]) -> Result<()> {
        step(
            "3",
            "Each task answers at its private address, as soon as its security group lets that in",
        );
        if !self.has_networks() {
            println!("   skipped: this host gives tasks no network; `roadstead doctor` says why");
            return Ok(());
        }
        if self.has_enforced_groups() {
            for task in tasks {
                check(fetch(&task.address).is_err(), || {
                    format!("{} answered although its group lets nothing in", task.address)
                })?;
                println!("   closed   http://{}/ does not answer", task.address);
            }
        } else {
            println!(
                "   open     the engine's networks serve, which enforce no security groups; `roadstead doctor` says why"
            );
        }
        let groups = self.ec2("Action=DescribeSecurityGroups")?;
        let group = between(&groups, "<groupId>", "</groupId>");
        self.ec2(&format!(
            "Action=AuthorizeSecurityGroupIngress&GroupId={group}&IpProtocol=tcp&FromPort=80&ToPort=80&CidrIp=0.0.0.0%2F0"
        ))?;
        println!("   allowed  {group} lets TCP port 80 in from everywhere");
        tasks.iter().try_for_each(|task| self.reach(task))
    }

    /// Waits until a task answers with its page.
    fn reach(&self, task: &Running) -> Result<()> {
        let started = Instant::now();
        loop {
            match fetch(&task.address) {
                Ok(page) => {
                    check(page.contains("hello from a task at "), || {
                        format!("the task answered something else: {page}")
                    })?;
                    let said = page.lines().last().unwrap_or_default();
                    println!("   answers  http://{}/ says `{said}`", task.address);
                    return Ok(());
                }
                // An engine in a virtual machine of its own keeps its networks there.
                Err(_) if !self.has_enforced_groups() && started.elapsed() > ENGINES_PATIENCE => {
                    println!(
                        "   silent   http://{}/ is in a network that this host does not reach",
                        task.address
                    );
                    return Ok(());
                }
                Err(error) => check(started.elapsed() < PATIENCE, || {
                    format!("{} does not answer: {error}", task.address)
                })?,
            }
        }
    }

    /// Kills the container of one task behind the service's back; answers the tasks that run then.
    fn kill_one(&self, tasks: &[Running]) -> Result<Vec<Running>> {
        step("4", "A task whose container is killed is replaced");
        let victim = tasks.first().ok_or_else(|| Fault::internal("no task runs"))?;
        let runtime = self.installation.runtime();
        let containers = [
            ("com.amazonaws.ecs.task-arn", Some(victim.arn.as_str())),
            ("com.amazonaws.ecs.container-name", Some("main")),
        ];
        let killed = self.tokio.block_on(async {
            let found = runtime.list(&containers).await?;
            for container in &found {
                runtime.kill(&container.id, "SIGKILL").await?;
            }
            Ok::<_, RuntimeError>(found.len())
        });
        check(matches!(killed, Ok(1)), || {
            format!("the container was not killed: {killed:?}")
        })?;
        println!("   killed   the container of {}", victim.id());
        let now = self.wait_for_service(&[victim])?;
        let stopped = self.wait_for(&victim.arn, "STOPPED")?;
        println!(
            "   stopped  {} ({}, exit code {})",
            victim.id(),
            text(&stopped, "/stoppedReason"),
            stopped.pointer("/containers/0/exitCode").cloned().unwrap_or_default()
        );
        let new = now.iter().filter(|task| !tasks.iter().any(|old| old.arn == task.arn));
        for task in new {
            println!("   task     {task}");
            if self.has_networks() {
                self.reach(task)?;
            }
        }
        Ok(now)
    }

    fn has_networks(&self) -> bool {
        self.installation.tasks.reconciler().networks().are_real()
    }

    fn has_enforced_groups(&self) -> bool {
        !self.installation.tasks.reconciler().networks().shortfalls().groups
    }

    /// Prints the calls made on behalf after the first `shown`; answers how many there are now.
    fn show_behalf(&self, shown: usize) -> Result<usize> {
        if shown == 0 {
            step(
                "5",
                "What ECS did on the caller's behalf, and which statement of its policy allowed it",
            );
        }
        let mut records = self.installation.kernel.audit().recent(1000, Record::is_on_behalf)?;
        records.reverse();
        for line in records.iter().skip(shown).flat_map(trace::lines) {
            println!("   {line}");
        }
        let interface_calls = records
            .iter()
            .filter(|record| record.operation.ends_with("NetworkInterface"));
        let mut made = 0;
        for record in interface_calls {
            let through_role = record.identity.arn.contains(&format!("assumed-role/{ROLE}/"));
            let allowed = record
                .decisions
                .iter()
                .all(|d| d.allowed && d.statement.as_deref() == Some("ECSTaskManagement"));
            check(through_role && allowed && record.error.is_none(), || {
                format!(
                    "{} was not made through the role: {:?}",
                    record.operation,
                    trace::lines(record)
                )
            })?;
            made += usize::from(record.operation == "CreateNetworkInterface");
        }
        check(made == 3, || format!("{made} interfaces were made for three tasks"))?;
        Ok(records.len())
    }

    fn try_to_delete_role(&self) -> Result<()> {
        step("6", "The role cannot be deleted while clusters exist, in any region");
        let status = self.delete_role()?;
        check(status.contains("<Status>FAILED</Status>"), || {
            format!("the deletion did not fail: {status}")
        })?;
        println!("   {}", words(&status).join("  "));
        for name in ["cluster/demo", "cluster/demo-eu", "us-east-1", "eu-west-1"] {
            check(status.contains(name), || {
                format!("the answer does not name {name}: {status}")
            })?;
        }
        Ok(())
    }

    /// Asks for the role's deletion and waits for its end.
    fn delete_role(&self) -> Result<String> {
        let (status, body) = self.iam(&format!("Action=DeleteServiceLinkedRole&RoleName={ROLE}"))?;
        check(status == 200, || format!("IAM answered {status}: {body}"))?;
        let task = between(&body, "<DeletionTaskId>", "</DeletionTaskId>").replace('/', "%2F");
        let started = Instant::now();
        loop {
            let (_, status) = self.iam(&format!(
                "Action=GetServiceLinkedRoleDeletionStatus&DeletionTaskId={task}"
            ))?;
            let pending = status.contains("NOT_STARTED") || status.contains("IN_PROGRESS");
            if !pending || started.elapsed() > PATIENCE {
                return Ok(status);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn delete_service(&self, tasks: &[Running]) -> Result<()> {
        step(
            "7",
            "DeleteService ends the tasks, and ECS deletes their interfaces through the role",
        );
        self.ecs(
            "DeleteService",
            &json!({ "cluster": CLUSTER, "service": SERVICE, "force": true }),
        )?;
        for task in tasks {
            let stopped = self.wait_for(&task.arn, "STOPPED")?;
            println!(
                "   stopped  {} ({}, exit code {})",
                task.id(),
                text(&stopped, "/stoppedReason"),
                stopped.pointer("/containers/0/exitCode").cloned().unwrap_or_default()
            );
            let answer = self.client.form(
                "ec2",
                &format!(
                    "Version=2016-11-15&Action=DescribeNetworkInterfaces&NetworkInterfaceId.1={}",
                    task.eni
                ),
            )?;
            check(answer.body.contains("InvalidNetworkInterfaceID.NotFound"), || {
                format!("{} is still there", task.eni)
            })?;
            println!("   gone     {}", task.eni);
        }
        Ok(())
    }

    fn delete_clusters_and_role(&self) -> Result<()> {
        step("8", "After the last cluster the role can go");
        self.ecs("DeleteCluster", &json!({ "cluster": CLUSTER }))?;
        let elsewhere = self.client.in_region("eu-west-1");
        elsewhere.json("ecs", &format!("{ECS}.DeleteCluster"), &json!({ "cluster": "demo-eu" }))?;
        let status = self.delete_role()?;
        check(status.contains("<Status>SUCCEEDED</Status>"), || {
            format!("the deletion failed: {status}")
        })?;
        let (status, body) = self.iam(&format!("Action=GetRole&RoleName={ROLE}"))?;
        check(status == 404, || format!("the role is still there: {body}"))?;
        println!("   deleted  {ROLE}");
        Ok(())
    }

    /// The two running tasks of the service, as soon as none of those that shall be gone is among them.
    fn wait_for_service(&self, gone: &[&Running]) -> Result<Vec<Running>> {
        let started = Instant::now();
        loop {
            let listed = self.ecs("ListTasks", &json!({ "cluster": CLUSTER, "serviceName": SERVICE }))?;
            let arns = listed
                .get("taskArns")
                .and_then(Value::as_array)
                .cloned()
                .unwrap_or_default();
            let is_gone = |arn: &Value| !gone.iter().any(|task| arn.as_str() == Some(&task.arn));
            if arns.len() == 2 && arns.iter().all(is_gone) {
                let described = self.ecs("DescribeTasks", &json!({ "cluster": CLUSTER, "tasks": arns }))?;
                let tasks = described.get("tasks").and_then(Value::as_array).into_iter().flatten();
                let running: Vec<_> = tasks.filter_map(Running::read).collect();
                if running.len() == 2 {
                    return Ok(running);
                }
            }
            check(started.elapsed() < PATIENCE, || {
                let described = self.ecs(
                    "DescribeServices",
                    &json!({ "cluster": CLUSTER, "services": [SERVICE] }),
                );
                let events = described.unwrap_or_default().pointer("/services/0/events").cloned();
                format!("the service does not get two tasks: {}", events.unwrap_or_default())
            })?;
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn wait_for(&self, task: &str, wanted: &str) -> Result<Value> {
        let started = Instant::now();
        loop {
            let answer = self.ecs("DescribeTasks", &json!({ "cluster": CLUSTER, "tasks": [task] }))?;
            let found = answer.pointer("/tasks/0").cloned().unwrap_or_default();
            let status = text(&found, "/lastStatus");
            if status == wanted {
                return Ok(found);
            }
            check(status != "STOPPED", || {
                format!("the task stopped: {}", text(&found, "/stoppedReason"))
            })?;
            check(started.elapsed() < PATIENCE, || format!("the task is still {status}"))?;
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Stops what runs after a step failed, so that nothing stays on the engine.
    fn clean_up(&self) {
        let service = json!({ "cluster": CLUSTER, "service": SERVICE, "force": true });
        let _ = self.ecs("DeleteService", &service);
        let tasks = self
            .ecs("ListTasks", &json!({ "cluster": CLUSTER }))
            .unwrap_or_default();
        for task in tasks
            .get("taskArns")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
        {
            let _ = self.ecs("StopTask", &json!({ "cluster": CLUSTER, "task": task }));
            let _ = self.wait_for(task, "STOPPED");
        }
    }
}

/// A task that runs, as the demo needs to know it.
struct Running {
    arn: String,
    attachment: String,
    eni: String,
    address: String,
}

impl Running {
    /// From what DescribeTasks says; `None` when the task does not run.
    fn read(task: &Value) -> Option<Self> {
        let details = task.pointer("/attachments/0/details").and_then(Value::as_array)?;
        let detail = |name: &str| {
            let found = details.iter().find(|detail| text(detail, "/name") == name);
            found.map(|detail| text(detail, "/value"))
        };
        (text(task, "/lastStatus") == "RUNNING").then_some(Self {
            arn: text(task, "/taskArn"),
            attachment: text(task, "/attachments/0/id"),
            eni: detail("networkInterfaceId")?,
            address: detail("privateIPv4Address")?,
        })
    }

    fn id(&self) -> &str {
        self.arn.rsplit('/').next().unwrap_or_default()
    }
}

impl fmt::Display for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}  {}  {}", self.id(), self.eni, self.address)
    }
}

/// What a web server at an address answers to the simplest of requests.
fn fetch(address: &str) -> std::io::Result<String> {
    use std::io::{Read as _, Write as _};
    let address: std::net::Ipv4Addr = address.parse().map_err(std::io::Error::other)?;
    let mut stream = std::net::TcpStream::connect_timeout(&(address, 80).into(), SILENCE)?;
    stream.set_read_timeout(Some(SILENCE))?;
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn step(number: &str, what: &str) {
    println!("{number}. {what}");
}

fn check(holds: bool, otherwise: impl FnOnce() -> String) -> Result<()> {
    if holds {
        Ok(())
    } else {
        Err(Fault::internal(otherwise()))
    }
}

fn text(value: &Value, pointer: &str) -> String {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

/// The first text between two marks; empty without one.
fn between<'a>(body: &'a str, from: &str, to: &str) -> &'a str {
    let rest = body.split_once(from).map(|(_, rest)| rest);
    rest.and_then(|rest| rest.split_once(to))
        .map(|(found, _)| found)
        .unwrap_or_default()
}

/// All texts between two marks.
fn all_between<'a>(body: &'a str, from: &str, to: &str) -> Vec<&'a str> {
    let pieces = body.split(from).skip(1);
    pieces
        .filter_map(|piece| piece.split_once(to))
        .map(|(found, _)| found)
        .collect()
}

/// The words of an XML body without its elements.
fn words(body: &str) -> Vec<&str> {
    let texts = body
        .split('>')
        .map(|piece| piece.split('<').next().unwrap_or_default().trim());
    texts.filter(|text| !text.is_empty()).collect()
}

/// A directory that goes away with the demo.
struct Temporary(PathBuf);

impl Temporary {
    fn new() -> Result<Self> {
        let name = format!("roadstead-demo-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        Self::make(&path).map_err(|error| Fault::internal(format_args!("making `{}`: {error}", path.display())))?;
        Ok(Self(path))
    }

    fn make(path: &Path) -> std::io::Result<()> {
        std::fs::create_dir_all(path)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
