"""fire_apscheduler.py JOBS STAMP FILE: the peer APScheduler with its default pool of ten threads."""
import subprocess
import sys

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.blocking import BlockingScheduler


def fire(stamp, file, job_id):
    # Without close_fds Python uses posix_spawn: the quickest way it has.
    subprocess.call([stamp, file, job_id], close_fds=False)


def main():
    jobs, stamp, file = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    scheduler = BlockingScheduler(executors={"default": ThreadPoolExecutor(10)}, timezone="UTC")
    for job in range(jobs):
        scheduler.add_job(fire, "cron", second="*", args=(stamp, file, str(job)), max_instances=3, coalesce=False,
                          misfire_grace_time=None)
    scheduler.start()


main()
