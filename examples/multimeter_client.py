"""A Python Client of digital_multimeter.ts, with the MSL-Network package.

    python multimeter_client.py [--host lab-pc] [--port 1875] [--disable-tls]
"""
import argparse

from msl.network import connect

parser = argparse.ArgumentParser(description="Measures a voltage with the DigitalMultimeter service")
parser.add_argument("--host", default="localhost", help="where the Manager runs")
parser.add_argument("--port", default=1875, type=int, help="the port of the Manager")
parser.add_argument("--disable-tls", action="store_true", help="if the Manager does not use TLS")
parser.add_argument("--cert-file", help="the certificate of the Manager")
options = parser.parse_args()

cxn = connect(name="Python", host=options.host, port=options.port,
              disable_tls=options.disable_tls, cert_file=options.cert_file)
dmm = cxn.link("DigitalMultimeter")

identity = dmm.identity()
print(f"{identity['manufacturer']} {identity['model']}, serial number {identity['serial']}")

# The options of a method in TypeScript are keyword arguments in Python.
print(f"One reading: {dmm.voltage(range=10, nplc=1):.6f} V")

# A TypeScript Client reads the values of a stream one by one. A Python Client gets them as one list.
dmm.configure(range=10, nplc=1)
readings = dmm.readings(count=5, interval=100)
for reading in readings:
    print(f"{reading['time']}  {reading['voltage']:.6f} V")
mean = sum(reading["voltage"] for reading in readings) / len(readings)
print(f"Mean: {mean:.6f} V")

# An error of the service is raised as an exception.
try:
    dmm.voltage(nplc=5000)
except Exception as error:
    print(f"Refused: {error}")

cxn.disconnect()
