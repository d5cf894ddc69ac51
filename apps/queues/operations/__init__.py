"""SQS's operations: one function each, named like the operation in snake_case.

queues.py makes, lists and describes queues, sending.py and receiving.py are about messages, permissions.py
says who may, tags.py labels, redrive.py is about dead letters.
"""

from . import permissions, queues, receiving, redrive, sending, tags

OPERATIONS = {
    "CreateQueue": queues.create_queue,
    "GetQueueUrl": queues.get_queue_url,
    "ListQueues": queues.list_queues,
    "DeleteQueue": queues.delete_queue,
    "GetQueueAttributes": queues.get_queue_attributes,
    "SetQueueAttributes": queues.set_queue_attributes,
    "PurgeQueue": queues.purge_queue,
    "SendMessage": sending.send_message,
    "SendMessageBatch": sending.send_message_batch,
    "ReceiveMessage": receiving.receive_message,
    "DeleteMessage": receiving.delete_message,
    "DeleteMessageBatch": receiving.delete_message_batch,
    "ChangeMessageVisibility": receiving.change_message_visibility,
    "ChangeMessageVisibilityBatch": receiving.change_message_visibility_batch,
    "AddPermission": permissions.add_permission,
    "RemovePermission": permissions.remove_permission,
    "TagQueue": tags.tag_queue,
    "UntagQueue": tags.untag_queue,
    "ListQueueTags": tags.list_queue_tags,
    "ListDeadLetterSourceQueues": redrive.list_dead_letter_source_queues,
    "StartMessageMoveTask": redrive.start_message_move_task,
    "ListMessageMoveTasks": redrive.list_message_move_tasks,
    "CancelMessageMoveTask": redrive.cancel_message_move_task,
}
_ENCRYPTION = (
    "KmsMasterKeyId, KmsDataKeyReusePeriodSeconds and SqsManagedSseEnabled are kept and answered; "
    "messages are stored as they are."
)
PARTIAL = {
    "CreateQueue": _ENCRYPTION,
    "SetQueueAttributes": f"{_ENCRYPTION} Changes act at once instead of within a minute.",
    "ReceiveMessage": (
        "Counts are exact and short polls look everywhere; past QUEUES_MAX_WAITING long polls of one web process "
        "a further one is answered RequestThrottled."
    ),
    "SendMessage": "A standard queue keeps and answers MessageGroupId; its fair order of tenants is not built.",
    "SendMessageBatch": "As SendMessage.",
    "StartMessageMoveTask": "With a rate, messages move in steps of about five seconds' worth.",
}
NO_EFFECT = {}
