"""What is over is removed, and what a reset leaves behind: nothing."""

from datetime import timedelta

from apps.queues import keeping
from apps.queues.models import Deduplication, DeletedQueue, Message, Queue


def test_what_is_over_is_removed_and_what_is_not_stays(sqs, make, account):
    old, young = make(MessageRetentionPeriod=60), make()
    for url in (old, young):
        sqs.send_message(QueueUrl=url, MessageBody="x")
    ordered = make(FifoQueue="true", ContentBasedDeduplication="true")
    sqs.send_message(QueueUrl=ordered, MessageBody="x", MessageGroupId="a")
    sqs.delete_queue(QueueUrl=make())
    account.model.clock_offset_seconds = int(timedelta(minutes=6).total_seconds())
    account.model.save(update_fields=["clock_offset_seconds"])

    keeping.prune()

    left = Message.objects.filter(queue__account=account.model)
    assert {one.queue.name for one in left} == {young.rpartition("/")[2], ordered.rpartition("/")[2]}
    assert not Deduplication.objects.filter(queue__account=account.model).exists()
    assert not DeletedQueue.objects.filter(account=account.model).exists()


def test_an_emptied_lab_may_use_its_names_at_once(sqs, make, account, classmate):
    url = make("jobs")
    sqs.send_message(QueueUrl=url, MessageBody="x")
    classmate.client("sqs").create_queue(QueueName="jobs")

    keeping.empty(account.model)

    assert "QueueUrls" not in sqs.list_queues()
    assert make("jobs") == url
    assert Queue.objects.filter(account=classmate.model).exists()
